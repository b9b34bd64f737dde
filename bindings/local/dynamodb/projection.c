/*
 * projection.c - ProjectionExpression, and the UPDATED_OLD and UPDATED_NEW of an update. Called by
 * reads and by UpdateItem.
 */
#include "bindings/local/dynamodb/projection.h"

#include <stdlib.h>
#include <string.h>

#include "bindings/local/dynamodb/parser.h"
#include "bindings/local/dynamodb/value.h"

static bool parse_path(struct parser *parser, struct projection *projection)
{
    struct path *path = parser_allocate(parser, sizeof *path);
    if (path == NULL || !parser_path(parser, path)) {
        return false;
    }
    for (size_t i = 0; i < projection->count; i++) {
        if (!parser_check_distinct(parser, projection->paths[i], path)) {
            return false;
        }
    }
    projection->paths[projection->count++] = path;
    return true;
}

bool projection_parse(struct expressions *expressions, const char *field,
                      struct projection *projection, struct error *err)
{
    struct parser parser;
    bool present;
    *projection = (struct projection){.paths = NULL};
    if (!parser_open(&parser, expressions, field, &present, err)) {
        return false;
    }
    if (!present) {
        return true;
    }
    projection->paths =
        parser_allocate(&parser, (parser_commas(&parser) + 1) * sizeof(struct path *));
    if (projection->paths == NULL) {
        return false;
    }
    do {
        if (!parse_path(&parser, projection)) {
            return false;
        }
    } while (parser_take(&parser, TOKEN_COMMA));
    return parser.token.kind == TOKEN_END || parser_syntax_error(&parser);
}

/* The paths that go through one place of the item: all of them lead there, `depth` steps long. */
struct branch {
    const struct path **paths;
    size_t count;
    size_t depth;
};

static const struct path_step *step_of(const struct path *path, size_t depth)
{
    return &path->steps[depth];
}

static int compare_paths(const void *left, const void *right)
{
    return path_order(*(const struct path *const *)left, *(const struct path *const *)right);
}

/* The branch's first paths that take the same next step. */
static struct branch take_twig(struct branch *branch)
{
    struct branch twig = {branch->paths, 0, branch->depth + 1};
    const struct path_step *step = step_of(branch->paths[0], branch->depth);
    while (twig.count < branch->count &&
           path_step_order(step, step_of(branch->paths[twig.count], branch->depth)) == 0) {
        twig.count++;
    }
    branch->paths += twig.count;
    branch->count -= twig.count;
    return twig;
}

static bool project_branch(struct branch branch, json_t *value, json_t **part, struct error *err);

static bool keep_part(const struct path_step *step, json_t *container, json_t *part,
                      struct error *err)
{
    return step->name == NULL ? document_append(container, part, err)
                              : document_set(container, step->name, step->name_length, part, err);
}

/* Fills `container` with what the branch's paths reach beyond `value`. */
static bool project_twigs(struct branch branch, json_t *value, json_t *container, struct error *err)
{
    while (branch.count > 0) {
        const struct path_step *step = step_of(branch.paths[0], branch.depth);
        struct branch twig = take_twig(&branch);
        json_t *child = path_step_into(step, value), *part = NULL;
        if (child != NULL && !project_branch(twig, child, &part, err)) {
            return false;
        }
        if (part != NULL && !keep_part(step, container, part, err)) {
            return false;
        }
    }
    return true;
}

/* *part is what the paths leave of `value`, owned by the caller; NULL when nothing is left. */
static bool project_branch(struct branch branch, json_t *value, json_t **part, struct error *err)
{
    *part = NULL;
    if (branch.paths[0]->count == branch.depth) {
        *part = json_incref(value);
        return true;
    }
    bool is_list = step_of(branch.paths[0], branch.depth)->name == NULL;
    json_t *container = document_new(is_list ? json_array() : json_object(), err);
    if (container == NULL || !project_twigs(branch, value, container, err)) {
        json_decref(container);
        return false;
    }
    if (json_array_size(container) == 0 && json_object_size(container) == 0) {
        json_decref(container);
        return true;
    }
    *part = value_new(is_list ? VALUE_L : VALUE_M, container, err);
    return *part != NULL;
}

static bool project_attribute(struct branch *branch, json_t *item, json_t *result,
                              struct error *err)
{
    const struct path_step *step = step_of(branch->paths[0], 0);
    struct branch twig = take_twig(branch);
    json_t *value = json_object_getn(item, step->name, step->name_length), *part = NULL;
    if (value != NULL && !project_branch(twig, value, &part, err)) {
        return false;
    }
    return part == NULL || document_set(result, step->name, step->name_length, part, err);
}

json_t *projection_apply(const struct projection *projection, json_t *item, struct error *err)
{
    if (projection->paths == NULL) {
        return json_incref(item);
    }
    json_t *result = document_new(json_object(), err);
    if (result == NULL) {
        return NULL;
    }
    struct branch branch = {projection->paths, projection->count, 0};
    qsort(projection->paths, projection->count, sizeof projection->paths[0], compare_paths);
    while (branch.count > 0) {
        if (!project_attribute(&branch, item, result, err)) {
            json_decref(result);
            return NULL;
        }
    }
    return result;
}
