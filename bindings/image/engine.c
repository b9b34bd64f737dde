/*
 * engine.c - image_render(): plan, wait for memory, then make every target. The one entry to the
 * stages in this folder; called by the `image` module on a worker thread.
 */
#include "bindings/image/engine.h"
#include "bindings/image/budget.h"
#include "bindings/image/lane/jpeg_write.h"
#include "bindings/image/library.h"
#include "bindings/image/plan.h"
#include "bindings/image/codec/png.h"
#include "bindings/image/render.h"
#include "bindings/image/codec/webp.h"

#include <stdio.h>
#include <stdlib.h>

bool image_engine_start(int64_t memory, struct error *err)
{
    if (!library_start(memory, err)) {
        return false;
    }
    budget_set(memory);
    return true;
}

const char *image_engine_versions(void)
{
    static char text[256];
    (void)snprintf(text, sizeof text, "%s\n%s, libwebp %s, libdeflate %s", library_versions(),
                   jpeg_version(), webp_version(), png_version());
    return text;
}

void image_output_release(struct image_output *output)
{
    free(output->bytes);
    output->bytes = NULL;
    output->length = 0;
}

/* ---- the entries --------------------------------------------------------------------------- */

static bool make(void *context, struct error *err)
{
    return render_make(context, err);
}

static bool render_within_budget(struct render *render, const struct image_control *control,
                                 struct error *err)
{
    struct error failure;
    if (!budget_take(render->plan.memory, control, err)) {
        return false;
    }
    crew_open(&render->crew, control);
    if (!library_run(make, render, &render->crew.control, &failure)) {
        crew_fail(&render->crew, &failure);
    }
    crew_wait(&render->crew);
    budget_give_back(render->plan.memory);
    return crew_close(&render->crew, err);
}

/* On failure what has been made of the outputs is released. */
static bool render_planned(struct render *render, const struct image_control *control,
                           struct error *err)
{
    size_t count = render->plan.count > 0 ? render->plan.count : 1;
    render->outputs = calloc(count, sizeof *render->outputs);
    render->sources = calloc(count, sizeof(Image *));
    render->parts = calloc(count, sizeof *render->parts);
    bool ok = render->outputs != NULL && render->sources != NULL && render->parts != NULL;
    if (!ok) {
        (void)error_set_memory(err, "rendering an image");
    }
    ok = ok && render_within_budget(render, control, err);
    for (size_t i = 0; !ok && render->outputs != NULL && i < render->plan.count; i++) {
        image_output_release(&render->outputs[i]);
    }
    free(render->parts);
    free(render->sources);
    return ok;
}

bool image_render(const void *bytes, size_t length, const struct image_info *info,
                  const struct image_limits *limits, const struct image_step *steps,
                  size_t step_count, const struct image_target *targets, size_t target_count,
                  struct image_output *outputs, const struct image_control *control,
                  struct error *err)
{
    struct render render = {.bytes = bytes, .length = length};
    int hands = control != NULL && control->hand_over != NULL ? control->hands : 1;
    if (!plan_make(&render.plan, info, limits, steps, step_count, targets, target_count, hands,
                   err)) {
        return false;
    }
    bool ok = render_planned(&render, control, err);
    bool returned = control == NULL || control->ready == NULL;
    for (size_t i = 0; ok && returned && i < target_count; i++) {
        outputs[i] = render.outputs[i];
    }
    free(render.outputs);
    plan_release(&render.plan);
    return ok;
}

bool image_plan(const struct image_info *info, const struct image_limits *limits,
                const struct image_step *steps, size_t step_count,
                const struct image_target *targets, size_t target_count, int hands,
                struct image_plan *plan, struct image_plan_target *made, struct error *err)
{
    struct plan inner;
    if (!plan_make(&inner, info, limits, steps, step_count, targets, target_count, hands, err)) {
        return false;
    }
    *plan = (struct image_plan){.divisor = inner.size.divisor,
                                .width = inner.size.width,
                                .height = inner.size.height,
                                .memory_bytes = inner.memory};
    for (size_t i = 0; i < inner.count; i++) {
        const struct plan_item *item = &inner.items[i];
        bool decoded = item->source == PLAN_DECODED;
        made[item->index] = (struct image_plan_target){
            .width = item->made_width,
            .height = item->made_height,
            .format = item->target.format,
            .turn = i,
            .source = decoded ? IMAGE_PLAN_DECODED : (int)inner.items[item->source].index};
    }
    plan_release(&inner);
    return true;
}
