/*
 * answer.h - what a failed answer says: AWS's error documents as struct error. S3 writes them in
 * XML, DynamoDB in JSON, a proxy in HTML, and to HEAD nobody writes anything.
 */
#ifndef LUNETTE_BINDINGS_AWS_ANSWER_H
#define LUNETTE_BINDINGS_AWS_ANSWER_H

#include "host/error.h"
#include "host/http.h"

/*
 * Fills *err from an answer whose status, or whose body in spite of its status, says failure: code,
 * message, status, request_id. Without a document the code is one that goes with the status
 * ("NotFound", "Forbidden", ..., "HTTP 418").
 */
void answer_read_error(const struct http_response *response, struct error *err);

/* Is the body an S3 error document, whatever the status? Copies answer 200 with one. */
bool answer_is_xml_error(const struct http_response *response);

/* Does the failure say that the bucket is in another region than the one that was asked? */
bool answer_is_elsewhere(const struct http_response *response, const struct error *failure);

/* In which region the bucket is: x-amz-bucket-region, else the error document's <Region>. False
 * when nothing tells. Not checked: it is a text from outside. */
bool answer_region(const struct http_response *response, char *region, size_t size);

/* The server's request id, for every answer; "" when it sent none. */
void answer_request_id(const struct http_response *response, char *id, size_t size);

#endif
