/*
 * s3_list_test.c - listing against a model: random keys, prefixes, delimiters and page sizes, and a
 * bucket that changes between the pages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"
#include "tests/unit/s3_client.h"

#define KEYS_MAX 120
#define KEY_ROOM 24
#define SEEN_MAX 400

struct names {
    char text[SEEN_MAX][KEY_ROOM];
    int count;
};

static unsigned seed;

static int random_below(int bound)
{
    return rand_r(&seed) % bound;
}

static void make_text(char *text, int pieces)
{
    static const char *const alphabet[] = {"a", "b", "/", "-", "\xC3\xA9", "\xF0\x9F\x98\x80"};
    size_t length = 0;
    text[0] = '\0';
    for (int i = 0; i < pieces; i++) {
        const char *piece = alphabet[random_below(6)];
        length += (size_t)snprintf(text + length, KEY_ROOM - length, "%s", piece);
    }
}

static int order(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool contains(const struct names *names, const char *text)
{
    for (int i = 0; i < names->count; i++) {
        if (strcmp(names->text[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void add(struct names *names, const char *text)
{
    if (CHECK(names->count < SEEN_MAX)) {
        (void)snprintf(names->text[names->count++], KEY_ROOM, "%s", text);
    }
}

static void fill(struct s3_client *client, struct names *keys)
{
    keys->count = 0;
    for (int i = 0; i < KEYS_MAX; i++) {
        char key[KEY_ROOM];
        make_text(key, 1 + random_below(5));
        if (!contains(keys, key)) {
            add(keys, key);
            CHECK(client_put(client, key, "x"));
        }
    }
    qsort(keys->text, (size_t)keys->count, KEY_ROOM, order);
}

struct question {
    char prefix[KEY_ROOM], delimiter[KEY_ROOM], start_after[KEY_ROOM];
};

/* What S3's documentation says a list is, said once more and differently. */
static void answer_by_model(const struct names *keys, const struct question *question,
                            struct names *answer)
{
    answer->count = 0;
    size_t length = strlen(question->prefix);
    for (int i = 0; i < keys->count; i++) {
        const char *key = keys->text[i];
        if (strncmp(key, question->prefix, length) != 0 ||
            strcmp(key, question->start_after) <= 0) {
            continue;
        }
        char shown[KEY_ROOM];
        (void)snprintf(shown, sizeof shown, "%s", key);
        char *at =
            question->delimiter[0] == '\0' ? NULL : strstr(shown + length, question->delimiter);
        if (at != NULL) {
            at[strlen(question->delimiter)] = '\0';
        }
        if (at == NULL || !contains(answer, shown)) {
            add(answer, shown);
        }
    }
}

/* Objects and common prefixes of one page, merged in the order of their bytes. */
static void add_page(const struct s3_response *page, struct names *answer)
{
    size_t objects = 0, prefixes = 0;
    while (objects < page->object_count || prefixes < page->prefix_count) {
        bool object = prefixes == page->prefix_count ||
                      (objects < page->object_count &&
                       strcmp(page->objects[objects].key, page->prefixes[prefixes]) < 0);
        add(answer, object ? page->objects[objects++].key : page->prefixes[prefixes++]);
    }
}

static struct s3_request make_request(const struct question *question, int max_keys)
{
    struct s3_request request = client_request(S3_LIST, NULL);
    request.max_keys = max_keys;
    request.prefix = client_text(question->prefix);
    request.delimiter = client_text(question->delimiter);
    request.start_after = client_text(question->start_after);
    return request;
}

static void answer_by_store(struct s3_client *client, const struct question *question, int max_keys,
                            struct names *answer)
{
    struct s3_request request = make_request(question, max_keys);
    char token[2 * S3_KEY_MAX + 3];
    answer->count = 0;
    for (int pages = 0; pages < SEEN_MAX; pages++) {
        if (!CHECK(client_run(client, &request))) {
            return;
        }
        const struct s3_response *page = &client->response;
        CHECK(page->object_count + page->prefix_count <= (size_t)max_keys);
        add_page(page, answer);
        if (page->next_token == NULL) {
            return;
        }
        CHECK(page->object_count + page->prefix_count == (size_t)max_keys);
        (void)snprintf(token, sizeof token, "%s", page->next_token);
        request.continuation_token = client_text(token);
    }
    CHECK(!"the pages end");
}

static void compare(const struct names *got, const struct names *wanted)
{
    CHECK_INTEGER(got->count, wanted->count);
    for (int i = 0; i < got->count && i < wanted->count; i++) {
        CHECK_TEXT(got->text[i], wanted->text[i]);
    }
}

TEST(s3_list_agrees_with_a_model)
{
    static const char *const delimiters[] = {"", "/", "a", "/a", "\xC3\xA9"};
    struct s3_client client;
    static struct names keys, got, wanted;
    seed = 11;
    client_open(&client);
    fill(&client, &keys);
    for (int i = 0; i < 1500; i++) {
        struct question question;
        make_text(question.prefix, random_below(3));
        make_text(question.start_after, random_below(4));
        (void)snprintf(question.delimiter, KEY_ROOM, "%s", delimiters[random_below(5)]);
        int max_keys = 1 + random_below(random_below(2) == 0 ? 4 : 200);
        check_case("%d: prefix '%s' delimiter '%s' after '%s' max %d", i, question.prefix,
                   question.delimiter, question.start_after, max_keys);
        answer_by_model(&keys, &question, &wanted);
        answer_by_store(&client, &question, max_keys, &got);
        compare(&got, &wanted);
    }
    client_close(&client);
}

/* Between two pages: one key comes, one goes. */
static void change(struct s3_client *client, struct names *keys, struct names *touched)
{
    char key[KEY_ROOM];
    make_text(key, 1 + random_below(5));
    add(touched, key);
    if (!contains(keys, key)) {
        CHECK(client_put(client, key, "x"));
    }
    int victim = random_below(keys->count);
    add(touched, keys->text[victim]);
    CHECK(client_delete(client, keys->text[victim]));
}

TEST(s3_list_shows_once_what_stays_while_others_come_and_go)
{
    struct s3_client client;
    static struct names keys, touched, got;
    seed = 23;
    client_open(&client);
    for (int round = 0; round < 5; round++) {
        check_case("round %d", round);
        fill(&client, &keys);
        touched.count = got.count = 0;
        struct s3_request request = client_request(S3_LIST, NULL);
        char token[2 * S3_KEY_MAX + 3];
        request.max_keys = 3;
        do {
            if (!CHECK(client_run(&client, &request))) {
                break;
            }
            add_page(&client.response, &got);
            const char *next = client.response.next_token;
            (void)snprintf(token, sizeof token, "%s", next == NULL ? "" : next);
            request.continuation_token = client_text(token);
            change(&client, &keys, &touched);
        } while (token[0] != '\0');
        for (int i = 0; i < got.count; i++) {
            CHECK(i == 0 || strcmp(got.text[i - 1], got.text[i]) < 0);
        }
        for (int i = 0; i < keys.count; i++) {
            CHECK(contains(&touched, keys.text[i]) || contains(&got, keys.text[i]));
        }
    }
    client_close(&client);
}

TEST(s3_list_refuses_tokens_of_others)
{
    static const char *const tokens[] = {"x", "0", "zz", "0G", "AB", "61 ", ""};
    struct s3_client client;
    client_open(&client);
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        check_case("'%s'", tokens[i]);
        struct s3_request request = client_request(S3_LIST, NULL);
        request.continuation_token = client_text(tokens[i]);
        (void)client_refuses(&client, &request, "InvalidArgument", 400);
    }
    static char long_token[2 * (S3_KEY_MAX + 2) + 1];
    memset(long_token, '6', sizeof long_token - 1);
    struct s3_request request = client_request(S3_LIST, NULL);
    request.continuation_token = client_text(long_token);
    (void)client_refuses(&client, &request, "InvalidArgument", 400);
    long_token[2 * (S3_KEY_MAX + 1)] = '\0'; /* the longest that can be one of ours */
    request.continuation_token = client_text(long_token);
    CHECK(client_run(&client, &request));
    client_close(&client);
}

TEST(s3_list_stays_in_its_bucket)
{
    struct s3_client client;
    client_open(&client);
    CHECK(local_store_declare_bucket(client.store, "uploads2", &client.error));
    CHECK(client_put(&client, "k", "x"));
    struct s3_request request = client_request(S3_LIST, NULL);
    request.bucket = TEXT("uploads2");
    CHECK(client_run(&client, &request));
    CHECK_INTEGER(client.response.object_count, 0);
    client_close(&client);
}
