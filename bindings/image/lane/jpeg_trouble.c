/*
 * jpeg_trouble.c - libjpeg's errors and warnings as ours. Called by libjpeg, and by jpeg_read.c and
 * jpeg_write.c.
 */
#include "bindings/image/lane/jpeg_trouble.h"

#include <jerror.h>

static struct jpeg_trouble *trouble_of(j_common_ptr jpeg)
{
    return (struct jpeg_trouble *)jpeg->err;
}

static void on_error(j_common_ptr jpeg) __attribute__((noreturn));

static void on_error(j_common_ptr jpeg)
{
    struct jpeg_trouble *trouble = trouble_of(jpeg);
    trouble->starved = jpeg->err->msg_code == JERR_OUT_OF_MEMORY;
    (*jpeg->err->format_message)(jpeg, trouble->message);
    longjmp(trouble->escape, 1);
}

/* Positive levels are traces. Of many warnings the first one is told. */
static void on_message(j_common_ptr jpeg, int level)
{
    struct jpeg_trouble *trouble = trouble_of(jpeg);
    if (level >= 0) {
        return;
    }
    if (!trouble->warned) {
        (*jpeg->err->format_message)(jpeg, trouble->message);
    }
    trouble->warned = true;
    jpeg->err->num_warnings++;
}

/* A library does not write to stderr. */
static void on_output(j_common_ptr jpeg)
{
    (void)jpeg;
}

struct jpeg_error_mgr *jpeg_trouble_begin(struct jpeg_trouble *trouble)
{
    struct jpeg_error_mgr *manager = jpeg_std_error(&trouble->manager);
    manager->error_exit = on_error;
    manager->emit_message = on_message;
    manager->output_message = on_output;
    trouble->warned = trouble->starved = trouble->given = false;
    trouble->message[0] = '\0';
    return manager;
}

void jpeg_trouble_escape(struct jpeg_trouble *trouble, const struct error *reason)
{
    trouble->reason = *reason;
    trouble->given = true;
    longjmp(trouble->escape, 1);
}

bool jpeg_trouble_report(const struct jpeg_trouble *trouble, const char *code, const char *what,
                         struct error *err)
{
    if (trouble->given) {
        *err = trouble->reason;
        return false;
    }
    if (trouble->starved) {
        return error_set_memory(err, "working on an image");
    }
    return error_set(err, code, "%s: %s", what, trouble->message);
}
