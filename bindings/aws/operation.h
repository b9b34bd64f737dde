/*
 * operation.h - what runs for a job, in a list of its store's: that is how it is found when the
 * loop says that the job is to be cancelled.
 */
#ifndef LUNETTE_BINDINGS_AWS_OPERATION_H
#define LUNETTE_BINDINGS_AWS_OPERATION_H

struct job;

/* First member of what it stands for. */
struct aws_operation {
    struct job *job; /* NULL: there is none any more, and nobody finds it */
    struct aws_operation **list;
    struct aws_operation *previous, *next;
};

void aws_operation_begin(struct aws_operation *operation, struct aws_operation **list,
                         struct job *job);

/* Takes it off its list, before it is freed. */
void aws_operation_end(struct aws_operation *operation);

/* NULL: none in the list is this job's. */
struct aws_operation *aws_operation_of(struct aws_operation *list, const struct job *job);

#endif
