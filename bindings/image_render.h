/*
 * image_render.h - a render as a job, between image_render.c, which makes one of the script's
 * targets, and image_deliver.c, which hands out its pictures one by one. For nobody else.
 */
#ifndef LUNETTE_BINDINGS_IMAGE_RENDER_H
#define LUNETTE_BINDINGS_IMAGE_RENDER_H

#include "bindings/photo.h"
#include "host/loop.h"

struct render_entry {
    struct image_target target;
    struct image_output output; /* owned */
    const char *name;           /* borrowed from an anchored string; NULL: none */
    size_t name_length;
    struct job *job;        /* the render */
    struct job *waiter;     /* the job that waits for this picture alone, or NULL */
    struct loop_note ready; /* posted when the picture is there */
};

/* The photo's own state is copied: it may be changed or closed while this runs. */
struct render_job {
    struct job job;
    const char *bytes; /* borrowed from an anchored string */
    size_t length;
    struct image_info info;
    struct image_limits limits;
    struct image_step steps[PHOTO_STEPS_MAX];
    size_t step_count;
    bool list; /* the result is a list */
    /* NULL: the pictures are the job's results. Else it has none, and each note is posted as soon
     * as its entry has an output. */
    void (*deliver)(struct loop_note *note);
    size_t count;
    struct render_entry entries[];
};

/* Pushes the table that a script gets; releases the output. */
void render_push_picture(lua_State *L, const struct render_entry *entry,
                         struct image_output *output);

/*
 * With the function at `receive` and the job on top of the stack, not yet run: runs it, and calls
 * the function with each picture and its number in a task of its own, as soon as it is there. To be
 * called as `return render_deliver(...)`: results are the functions' first ones, as a list if
 * `list`. The first error of any of them, or of the render, cancels the others and is raised.
 */
int render_deliver(lua_State *L, int receive);

#endif
