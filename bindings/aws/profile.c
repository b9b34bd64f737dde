/*
 * profile.c - reads AWS's shared files. Called where credentials, region and endpoint come from
 * (credentials.c, endpoint.c), outside Lambda.
 */
#include "bindings/aws/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bindings/digest.h"
#include "host/env.h"

#define BLANKS " \t\r\v\f"

static const struct {
    const char *name;
    enum profile_key key;
} names[] = {
    {"aws_access_key_id", PROFILE_ACCESS_KEY_ID},
    {"aws_secret_access_key", PROFILE_SECRET_ACCESS_KEY},
    {"aws_session_token", PROFILE_SESSION_TOKEN},
    {"credential_process", PROFILE_CREDENTIAL_PROCESS},
    {"region", PROFILE_REGION},
    {"endpoint_url", PROFILE_ENDPOINT_URL},
    {"services", PROFILE_SERVICES},
    {"role_arn", PROFILE_UNSUPPORTED},
    {"sso_session", PROFILE_UNSUPPORTED},
    {"sso_start_url", PROFILE_UNSUPPORTED},
    {"web_identity_token_file", PROFILE_UNSUPPORTED},
    {"login_session", PROFILE_UNSUPPORTED},
};

/* ---- lines ----------------------------------------------------------------------------------- */

static char *trim(char *text)
{
    text += strspn(text, BLANKS);
    size_t length = strlen(text);
    while (length > 0 && strchr(BLANKS, text[length - 1]) != NULL) {
        length--;
    }
    text[length] = '\0';
    return text;
}

/* A "#" within a value is the value's own. */
static void cut_comment(char *text)
{
    for (char *at = text; (at = strpbrk(at, "#;")) != NULL; at++) {
        if (at == text || at[-1] == ' ' || at[-1] == '\t') {
            *at = '\0';
            return;
        }
    }
}

static bool bad_line(const char *path, int line, const char *what, struct error *err)
{
    return error_set(err, "usage", "%.500s:%d: %s", path, line, what);
}

/* "[name]": writes `section`. */
static bool read_section(char *text, const char *path, int line, const char **section,
                         struct error *err)
{
    char *end = strchr(text, ']');
    if (end == NULL) {
        return bad_line(path, line, "a section begins with '[' but does not end with ']'", err);
    }
    *end = '\0';
    *section = trim(text + 1);
    return true;
}

static bool read_setting(char *text, const char *path, struct profile_line *line, struct error *err)
{
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        return bad_line(path, line->line, "neither [section] nor name = value", err);
    }
    *equals = '\0';
    line->name = trim(text);
    if (line->name[0] == '\0') {
        return bad_line(path, line->line, "there is no name before '='", err);
    }
    cut_comment(equals + 1);
    line->value = trim(equals + 1);
    return true;
}

/* What follows an indented line is as much the parent's as it is. */
static bool read_indented(char *text, const char *path, const struct profile_line *parent,
                          profile_visit *visit, void *context, struct error *err)
{
    struct profile_line line = *parent;
    line.parent = parent->name;
    if (parent->name == NULL) {
        return bad_line(path, parent->line, "an indented line, but no setting before it", err);
    }
    if (strchr(text, '=') == NULL || text[strspn(text, BLANKS)] == '=') {
        return true;
    }
    if (!read_setting(text, path, &line, err)) {
        return false;
    }
    visit(context, &line);
    return true;
}

static bool is_blank(const char *text)
{
    text += strspn(text, BLANKS);
    return *text == '\0' || *text == '#' || *text == ';';
}

static bool read_line(char *text, const char *path, struct profile_line *line, profile_visit *visit,
                      void *context, struct error *err)
{
    if (is_blank(text)) {
        return true;
    }
    if (strchr(BLANKS, text[0]) != NULL) {
        return read_indented(text, path, line, visit, context, err);
    }
    if (text[0] == '[') {
        line->name = NULL;
        return read_section(text, path, line->line, &line->section, err);
    }
    if (line->section == NULL) {
        return bad_line(path, line->line, "a setting before the first [section]", err);
    }
    if (!read_setting(text, path, line, err)) {
        return false;
    }
    visit(context, line);
    return true;
}

bool profile_parse(char *text, const char *path, profile_visit *visit, void *context,
                   struct error *err)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* what some editors put before UTF-8 */
    struct profile_line line = {.line = 0};
    char *at = strncmp(text, mark, strlen(mark)) == 0 ? text + strlen(mark) : text;
    while (at != NULL) {
        line.line++;
        if (!read_line(strsep(&at, "\n"), path, &line, visit, context, err)) {
            return false;
        }
    }
    return true;
}

/* ---- profiles -------------------------------------------------------------------------------- */

/* One file while it is read. */
struct search {
    struct profile *profile;
    struct profile_file *file;
};

/* Takes the quotes off, which the tools allow around a name. */
static bool is_name(const char *text, const char *name)
{
    size_t length = strlen(text);
    if (length >= 2 && (text[0] == '"' || text[0] == '\'') && text[length - 1] == text[0]) {
        return length - 2 == strlen(name) && strncmp(text + 1, name, length - 2) == 0;
    }
    return strcmp(text, name) == 0;
}

/* "WORD NAME", with blanks between them. */
static bool is_section(const char *section, const char *word, const char *name)
{
    size_t length = strlen(word);
    return strncmp(section, word, length) == 0 &&
           (section[length] == ' ' || section[length] == '\t') &&
           is_name(section + length + strspn(section + length, BLANKS), name);
}

static bool is_chosen(const struct search *search, const char *section)
{
    const char *name = search->profile->name;
    if (search->file == &search->profile->files[PROFILE_SHARED]) {
        return is_name(section, name);
    }
    if (is_section(section, "profile", name)) {
        return true;
    }
    return strcmp(section, "default") == 0 && strcmp(name, "default") == 0;
}

static void keep_setting(void *context, const struct profile_line *line)
{
    const struct search *search = context;
    if (line->parent != NULL || !is_chosen(search, line->section)) {
        return;
    }
    search->profile->found = true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(names[i].name, line->name) == 0 && line->value[0] != '\0') {
            search->file->settings[names[i].key] = (struct profile_setting){
                .name = names[i].name, .text = line->value, .line = line->line};
        }
    }
}

const struct profile_setting *profile_find(const struct profile *profile, enum profile_key key)
{
    int file = PROFILE_SHARED;
    while (file + 1 < PROFILE_FILES && profile->files[file].settings[key].text == NULL) {
        file++;
    }
    return &profile->files[file].settings[key];
}

/* One [services NAME] while it is looked for. */
struct service_search {
    const char *name;
    struct profile_file *file;
    bool found;
};

static void keep_service(void *context, const struct profile_line *line)
{
    struct service_search *search = context;
    if (!is_section(line->section, "services", search->name)) {
        return;
    }
    search->found = true;
    if (line->parent == NULL || strcasecmp(line->name, "endpoint_url") != 0 ||
        line->value[0] == '\0') {
        return;
    }
    struct profile_setting setting = {
        .name = "endpoint_url", .text = line->value, .line = line->line};
    if (strcasecmp(line->parent, "s3") == 0) {
        search->file->settings[PROFILE_S3_ENDPOINT_URL] = setting;
    } else if (strcasecmp(line->parent, "dynamodb") == 0) {
        search->file->settings[PROFILE_DYNAMODB_ENDPOINT_URL] = setting;
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool choose_path(const char *variable, const char *name, struct profile_file *file,
                        struct error *err)
{
    const char *given = env_text(variable, NULL);
    const char *home = env_text("HOME", NULL);
    int length = 0;
    if (given != NULL && strncmp(given, "~/", 2) == 0 && home != NULL) {
        length = snprintf(file->path, sizeof file->path, "%s%s", home, given + 1);
    } else if (given != NULL) {
        length = snprintf(file->path, sizeof file->path, "%s", given);
    } else if (home != NULL) {
        length = snprintf(file->path, sizeof file->path, "%s/.aws/%s", home, name);
    }
    if (length < 0 || length > PROFILE_PATH_MAX) {
        return error_set(err, "usage", "the path of %s has more than %d bytes; set %s", name,
                         PROFILE_PATH_MAX, variable);
    }
    return true;
}

static bool take_stream(FILE *stream, struct profile_file *file, struct error *err)
{
    /* One piece: a buffer that grows would leave copies of secrets behind. */
    char *bytes = malloc(PROFILE_FILE_MAX + 1);
    if (bytes == NULL) {
        return error_set_memory(err, "reading an AWS profile");
    }
    file->bytes = bytes;
    file->length = fread(bytes, 1, PROFILE_FILE_MAX + 1, stream);
    if (ferror(stream) != 0) {
        return error_set_system(err, errno, "%s", file->path);
    }
    if (file->length > PROFILE_FILE_MAX) {
        return error_set(err, "usage", "%.500s is larger than %d bytes", file->path,
                         PROFILE_FILE_MAX);
    }
    if (memchr(bytes, '\0', file->length) != NULL) {
        return error_set(err, "usage", "%.500s holds a zero byte: it is no text", file->path);
    }
    bytes[file->length] = '\0';
    return true;
}

static bool read_file(struct profile_file *file, struct error *err)
{
    if (file->path[0] == '\0') {
        return true;
    }
    FILE *stream = fopen(file->path, "re");
    if (stream == NULL) {
        return errno == ENOENT || errno == ENOTDIR ? true
                                                   : error_set_system(err, errno, "%s", file->path);
    }
    bool ok = take_stream(stream, file, err);
    (void)fclose(stream);
    return ok;
}

static bool load_file(struct profile *profile, int which, struct error *err)
{
    static const struct {
        const char *variable, *name;
    } places[] = {[PROFILE_SHARED] = {"AWS_SHARED_CREDENTIALS_FILE", "credentials"},
                  [PROFILE_CONFIG] = {"AWS_CONFIG_FILE", "config"}};
    struct profile_file *file = &profile->files[which];
    struct search search = {.profile = profile, .file = file};
    return choose_path(places[which].variable, places[which].name, file, err) &&
           read_file(file, err) &&
           (file->bytes == NULL ||
            profile_parse(file->bytes, file->path, keep_setting, &search, err));
}

static bool load_services(struct profile *profile, struct error *err)
{
    const struct profile_file *config = &profile->files[PROFILE_CONFIG];
    const struct profile_setting *services = &config->settings[PROFILE_SERVICES];
    struct profile_file *file = &profile->files[PROFILE_CONFIG_SERVICES];
    struct service_search search = {.name = services->text, .file = file};
    if (services->text == NULL) {
        return true;
    }
    memcpy(file->path, config->path, sizeof file->path);
    if (!read_file(file, err) ||
        (file->bytes != NULL &&
         !profile_parse(file->bytes, file->path, keep_service, &search, err))) {
        return false;
    }
    return search.found || error_set(err, "usage",
                                     "%.500s:%d: services is '%.100s', but there is no section "
                                     "[services %.100s] with anything in it",
                                     config->path, services->line, services->text, services->text);
}

bool profile_load(struct profile *profile, struct error *err)
{
    *profile = (struct profile){.found = false};
    const char *name = env_text("AWS_PROFILE", NULL);
    if (name != NULL && strlen(name) > PROFILE_NAME_MAX) {
        return error_set(err, "usage", "AWS_PROFILE has %zu bytes, at most %d are allowed",
                         strlen(name), PROFILE_NAME_MAX);
    }
    (void)snprintf(profile->name, sizeof profile->name, "%s", name == NULL ? "default" : name);
    bool ok = load_file(profile, PROFILE_SHARED, err) && load_file(profile, PROFILE_CONFIG, err) &&
              load_services(profile, err);
    if (ok && name != NULL && !profile->found) {
        ok = error_set(err, "usage",
                       "AWS_PROFILE is '%s', but '%.300s' and '%.300s' have no such "
                       "profile",
                       name, profile->files[PROFILE_SHARED].path,
                       profile->files[PROFILE_CONFIG].path);
    }
    if (!ok) {
        profile_release(profile);
    }
    return ok;
}

void profile_release(struct profile *profile)
{
    for (int i = 0; i < PROFILE_FILES; i++) {
        if (profile->files[i].bytes != NULL) {
            digest_cleanse(profile->files[i].bytes, profile->files[i].length);
            free(profile->files[i].bytes);
        }
    }
    *profile = (struct profile){.found = false};
}
