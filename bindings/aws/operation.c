/*
 * operation.c - lists of running operations, for s3.c, s3_upload.c and dynamodb.c.
 */
#include "bindings/aws/operation.h"

#include <stddef.h>

void aws_operation_begin(struct aws_operation *operation, struct aws_operation **list,
                         struct job *job)
{
    *operation = (struct aws_operation){.job = job, .list = list, .next = *list};
    if (*list != NULL) {
        (*list)->previous = operation;
    }
    *list = operation;
}

void aws_operation_end(struct aws_operation *operation)
{
    if (operation->previous != NULL) {
        operation->previous->next = operation->next;
    } else {
        *operation->list = operation->next;
    }
    if (operation->next != NULL) {
        operation->next->previous = operation->previous;
    }
}

struct aws_operation *aws_operation_of(struct aws_operation *list, const struct job *job)
{
    while (list != NULL && list->job != job) {
        list = list->next;
    }
    return list;
}
