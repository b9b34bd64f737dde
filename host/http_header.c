/*
 * http_header.c - finds a header in a response. See http.h.
 */
#include "host/http.h"

#include <string.h>
#include <strings.h>

bool http_header_value(const struct http_response *response, const char *name, char *value,
                       size_t size)
{
    size_t name_length = strlen(name);
    const char *line = buffer_text(&response->headers);
    while (*line != '\0') {
        const char *end = line + strcspn(line, "\r\n");
        if (strncasecmp(line, name, name_length) == 0 && line[name_length] == ':') {
            const char *begin = line + name_length + 1;
            begin += strspn(begin, " \t");
            while (end > begin && (end[-1] == ' ' || end[-1] == '\t')) {
                end--;
            }
            size_t length = begin > end ? 0 : (size_t)(end - begin);
            if (length >= size) {
                return false;
            }
            memcpy(value, begin, length);
            value[length] = '\0';
            return true;
        }
        line = end + strspn(end, "\r\n");
    }
    return false;
}
