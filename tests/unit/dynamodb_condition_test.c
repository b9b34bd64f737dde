/*
 * dynamodb_condition_test.c - conditions of the embedded DynamoDB: what they mean for one item, and
 * what is no condition.
 */
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/local/dynamodb/evaluate.h"
#include "bindings/local/dynamodb/value.h"

static const char item_text[] =
    "{\"one\":{\"N\":\"1\"},\"two\":{\"N\":\"2.0\"},\"str\":{\"S\":\"hello world\"},"
    "\"blank\":{\"S\":\"\"},\"umlaut\":{\"S\":\"\xC3\xBC\"},\"bytes\":{\"B\":\"AP8B\"},"
    "\"yes\":{\"BOOL\":true},\"nil\":{\"NULL\":true},"
    "\"tags\":{\"SS\":[\"b\",\"a\"]},\"nums\":{\"NS\":[\"10\",\"9\",\"1.0\"]},"
    "\"blobs\":{\"BS\":[\"AA==\",\"AQ==\"]},"
    "\"arr\":{\"L\":[{\"S\":\"x\"},{\"N\":\"7\"},{\"M\":{\"k\":{\"S\":\"v\"}}}]},"
    "\"m\":{\"M\":{\"a\":{\"N\":\"5\"},\"deep\":{\"M\":{\"er\":{\"L\":[{\"N\":\"9\"}]}}}}},"
    "\"size\":{\"N\":\"3\"}}";

static const char values_text[] =
    "{\":n0\":{\"N\":\"0\"},\":n1\":{\"N\":\"1.00\"},\":n2\":{\"N\":\"2\"},\":n3\":{\"N\":\"3\"},"
    "\":n5\":{\"N\":\"5\"},\":n10\":{\"N\":\"1e1\"},\":n11\":{\"N\":\"11\"},"
    "\":hello\":{\"S\":\"hello\"},\":world\":{\"S\":\"world\"},\":a\":{\"S\":\"a\"},"
    "\":s1\":{\"S\":\"1\"},\":none\":{\"S\":\"\"},\":S\":{\"S\":\"S\"},\":N\":{\"S\":\"N\"},"
    "\":SS\":{\"S\":\"SS\"},\":L\":{\"S\":\"L\"},\":bad\":{\"S\":\"XX\"},"
    "\":b0\":{\"B\":\"AA==\"},\":bff\":{\"B\":\"/w==\"},\":yes\":{\"BOOL\":true},"
    "\":no\":{\"BOOL\":false},\":nil\":{\"NULL\":true},\":set\":{\"SS\":[\"a\",\"b\"]},"
    "\":kv\":{\"M\":{\"k\":{\"S\":\"v\"}}},\":x\":{\"S\":\"x\"}}";

static const char names_text[] = "{\"#size\":\"size\",\"#dotted\":\"a.b\",\"#m\":\"m\"}";

/* The condition's result as text: "true", "false" or the error's message. */
static const char *judge(const char *condition, char *result, size_t size)
{
    struct error err = {.code = ""};
    bool holds;
    struct node *node = NULL;
    struct expressions expressions = {.any = false};
    json_t *names = json_loads(names_text, 0, NULL), *values = json_loads(values_text, 0, NULL);
    json_t *raw = json_loads(item_text, 0, NULL), *item = value_read_item(raw, &err);
    json_t *request =
        json_pack("{s:o, s:o, s:s}", "ExpressionAttributeNames", names, "ExpressionAttributeValues",
                  values, "ConditionExpression", condition);
    bool good = expressions_open(&expressions, request, &err) &&
                expressions_condition(&expressions, "ConditionExpression", &node, &err) &&
                evaluate_condition(node, item, &holds, &err);
    (void)snprintf(result, size, "%s", good ? (holds ? "true" : "false") : err.message);
    expressions_close(&expressions);
    json_decref(request);
    json_decref(raw);
    json_decref(item);
    return result;
}

TEST(dynamodb_conditions_hold_or_not)
{
    static const struct {
        const char *condition, *wanted;
    } cases[] = {
        {"one = :n1", "true"},
        {"one = :s1", "false"},
        {"one <> :s1", "true"},
        {"one <> :n1", "false"},
        {"gone = :n1", "false"},
        {"gone <> :n1", "true"},
        {"gone < :n1", "false"},
        {":n1 < two", "true"},
        {"one < two", "true"},
        {"two<=:n2", "true"},
        {"two>=:n2", "true"},
        {"two > :n10", "false"},
        {"nums = :n1", "false"},
        {"str < :world", "true"},
        {"str > :hello", "true"},
        {"str < :n1", "false"},
        {"bytes > :b0", "true"},
        {"yes = :yes", "true"},
        {"yes <> :no", "true"},
        {"nil = :nil", "true"},
        {"tags = :set", "true"},
        {"one BETWEEN :n0 AND :n2", "true"},
        {"one between :n1 and :n1", "true"},
        {"two BETWEEN :n0 AND one", "false"},
        {"gone BETWEEN :n0 AND :n2", "false"},
        {"one IN (:n0, :s1, :n1)", "true"},
        {"one IN (:n0)", "false"},
        {"gone IN (:n0)", "false"},
        {"attribute_exists(one)", "true"},
        {"attribute_exists(m.a)", "true"},
        {"attribute_exists(m.z)", "false"},
        {"attribute_exists(arr[2].k)", "true"},
        {"attribute_exists(arr[3])", "false"},
        {"attribute_exists(one.x)", "false"},
        {"attribute_exists(m[0])", "false"},
        {"attribute_not_exists(gone)", "true"},
        {"attribute_not_exists(nil)", "false"},
        {"attribute_type(str, :S)", "true"},
        {"attribute_type(str, :N)", "false"},
        {"attribute_type(tags, :SS)", "true"},
        {"attribute_type(gone, :S)", "false"},
        {"begins_with(str, :hello)", "true"},
        {"begins_with(str, :world)", "false"},
        {"begins_with(str, :none)", "true"},
        {"begins_with(bytes, :b0)", "true"},
        {"begins_with(bytes, :hello)", "false"},
        {"begins_with(one, :s1)", "false"},
        {"contains(str, :world)", "true"},
        {"contains(str, :none)", "true"},
        {"contains(str, :n1)", "false"},
        {"contains(bytes, :bff)", "true"},
        {"contains(tags, :a)", "true"},
        {"contains(tags, :hello)", "false"},
        {"contains(nums, :n10)", "true"},
        {"contains(nums, :n11)", "false"},
        {"contains(nums, :n1)", "true"},
        {"contains(blobs, :b0)", "true"},
        {"contains(blobs, :bff)", "false"},
        {"contains(arr, :x)", "true"},
        {"contains(arr, :kv)", "true"},
        {"contains(arr, :a)", "false"},
        {"contains(m, :a)", "false"},
        {"contains(gone, :a)", "false"},
        {"size(str) = :n11", "true"},
        {"size(umlaut) = :n2", "true"},
        {"size(blank) = :n0", "true"},
        {"size(bytes) = :n3", "true"},
        {"size(tags) = :n2", "true"},
        {"size(arr) >= :n3", "true"},
        {"size(m) BETWEEN :n1 AND :n2", "true"},
        {"size(one) = :n1", "false"},
        {"size(yes) = :n1", "false"},
        {"size(gone) < :n10", "false"},
        {"size(arr) = #size", "true"},
        {"#size = :n3", "true"},
        {"attribute_exists(#dotted)", "false"},
        {"#m.deep.er[0] > #m.a", "true"},
        {"NOT one = :n1", "false"},
        {"NOT NOT one = :n1", "true"},
        {"not (one = :n1 AND two = :n1)", "true"},
        {"one = :n0 AND two = :n2 OR str = :hello OR yes = :yes", "true"},
        {"one = :n0 AND (two = :n2 OR yes = :yes)", "false"},
        {"NOT one = :n0 AND two = :n2", "true"},
        {"one = :n0 OR one = :n2 OR one = :n1", "true"},
        {"(one) = (:n1)", "true"},
        {"((one = :n1) OR two = :n1) AND one=:n1", "true"},
        {"one\t=\n:n1", "true"},
        {"x_ = :n1", "false"},
    };
    char result[1200];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case("%s", cases[i].condition);
        CHECK_TEXT(judge(cases[i].condition, result, sizeof result), cases[i].wanted);
    }
}

TEST(dynamodb_refuses_what_is_no_condition)
{
    static const struct {
        const char *condition, *wanted; /* a part of the message, after "Invalid ...: " */
    } cases[] = {
        {"", "The expression can not be empty;"},
        {"  ", "The expression can not be empty;"},
        {"one", "Syntax error; token: \"<EOF>\", near: \"one\""},
        {":n1", "Syntax error; token: \"<EOF>\""},
        {"one =", "Syntax error; token: \"<EOF>\", near: \"=\""},
        {"one = = :n1", "Syntax error; token: \"=\", near: \"= = :n1\""},
        {"= :n1", "Syntax error; token: \"=\""},
        {"one == :n1", "Syntax error; token: \"=\""},
        {"_x = :n1", "Syntax error; token: \"_\", near: \"_x\""},
        {"m._x = :n1", "Syntax error; token: \"_\""},
        {"m.deep.er[00] > m.a", "Syntax error; token: \"0\""},
        {"size(size(arr)) = :n1", "operator or function: size, operand type: N"},
        {"one != :n1", "Syntax error; token: \"!\", near: \"one !=\""},
        {"one = :n1 AND", "Syntax error; token: \"<EOF>\""},
        {"one = :n1 two = :n1", "Syntax error; token: \"two\""},
        {"one = :n1 AND str", "Syntax error; token: \"<EOF>\""},
        {"NOT one", "Syntax error; token: \"<EOF>\""},
        {"(one = :n1", "Syntax error; token: \"<EOF>\""},
        {"one = :n1)", "Syntax error; token: \")\""},
        {"(one = :n1) = :n1", "Syntax error; token: \"=\""},
        {"one = (one = :n1)", "Syntax error"},
        {"()", "Syntax error; token: \")\""},
        {"one BETWEEN :n1", "Syntax error; token: \"<EOF>\""},
        {"one BETWEEN :n1 OR :n2", "Syntax error; token: \"OR\""},
        {"one IN ()", "Syntax error; token: \")\""},
        {"one IN :n1", "Syntax error; token: \":n1\""},
        {"one IN (:n1", "Syntax error; token: \"<EOF>\""},
        {"a..b = :n1", "Syntax error; token: \".\""},
        {"a. = :n1", "Syntax error; token: \"=\""},
        {"arr[x] = :n1", "Syntax error; token: \"x\""},
        {"arr[-1] = :n1", "Syntax error; token: \"-\""},
        {"arr[1 = :n1", "Syntax error; token: \"=\""},
        {"arr[:n1] = :n1", "Syntax error; token: \":n1\""},
        {"arr[99999999999] = :n1", "List index is not within the allowable range"},
        {"1a = :n1", "Syntax error; token: \"1\""},
        {"# = :n1", "Syntax error; token: \"#\""},
        {": = one", "Syntax error; token: \":\""},
        {"one = 'a'", "Syntax error; token: \"'\""},
        {"one = 1", "Syntax error; token: \"1\""},
        {"size = :n1", "Attribute name is a reserved keyword; reserved keyword: size"},
        {"m.Status = :n1", "Attribute name is a reserved keyword; reserved keyword: Status"},
        {"#no = :n1", "name used in the document path is not defined; attribute name: #no"},
        {"one = :nope", "value used in expression is not defined; attribute value: :nope"},
        {"sizes(one) = :n1", "Invalid function name; function: sizes"},
        {"SIZE(one) = :n1", "Invalid function name; function: SIZE"},
        {"size(one, two) = :n1", "Incorrect number of operands for operator or function; operator "
                                 "or function: size, number of operands: 2"},
        {"size(one)", "The function is not allowed to be used this way in an expression; function: "
                      "size"},
        {"attribute_exists(one) = :n1", "not allowed to be used this way in an expression; "
                                        "function: attribute_exists"},
        {"size(attribute_exists(one)) = :n1", "not allowed to be used this way"},
        {"attribute_exists(:n1)", "Operator or function requires a document path; operator or "
                                  "function: attribute_exists"},
        {"attribute_exists(one, two)", "Incorrect number of operands"},
        {"attribute_exists()", "Syntax error; token: \")\""},
        {"attribute_type(one, :bad)", "Invalid attribute type name found; type: XX"},
        {"attribute_type(one, :n1)", "Incorrect operand type for operator or function; operator "
                                     "or function: attribute_type"},
        {"begins_with(str, :n1)", "Incorrect operand type for operator or function; operator or "
                                  "function: begins_with, operand type: N"},
        {"if_not_exists(one, :n1) = :n1", "The function is not allowed in a condition expression; "
                                          "function: if_not_exists"},
        {"one < :yes", "Incorrect operand type for operator or function; operator or function: <, "
                       "operand type: BOOL"},
        {"one BETWEEN :n2 AND :n1", "upper bound to be greater than or equal to lower bound"},
        {"one BETWEEN :n1 AND :hello", "same data type for lower and upper bounds"},
        {"one = one", "The first operand must be distinct from the remaining operands"},
        {"contains(str, str)", "The first operand must be distinct from the remaining operands"},
        {"((one = :n1))", "The expression has redundant parentheses;"},
        {"size(:n1) = :n1", "operator or function: size, operand type: N"},
    };
    char result[1200];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case("%s", cases[i].condition);
        (void)judge(cases[i].condition, result, sizeof result);
        if (strncmp(result, "Invalid ConditionExpression: ", 29) != 0 ||
            strstr(result, cases[i].wanted) == NULL) {
            CHECK_TEXT(result, cases[i].wanted);
        }
    }
}

/* `first`, then `count` times `again`. */
static char *repeat(const char *first, const char *again, size_t count, const char *last)
{
    size_t size = strlen(first) + count * strlen(again) + strlen(last) + 1;
    char *text = malloc(size);
    if (text == NULL) {
        abort();
    }
    (void)strcpy(text, first);
    for (size_t i = 0; i < count; i++) {
        (void)strcat(text, again);
    }
    return strcat(text, last);
}

TEST(dynamodb_expressions_have_limits)
{
    static const struct {
        const char *first, *again;
        size_t count;
        const char *last, *wanted;
    } cases[] = {
        {"one = :n1", " ", 4087, "", "true"},
        {"one = :n1", " ", 4088, "", "Expression size has exceeded the maximum allowed size"},
        {"one=:n1", " OR one=:n1", 149, "", "true"},
        {"one=:n1", " OR one=:n1", 170, "", "too many operators"},
        {"", "NOT ", 299, "one=:n1", "false"},
        {"", "NOT ", 302, "one=:n1", "limit: 300"},
        {"", "(", 302, "one=:n1", "nested too deeply"},
        {"one IN (:n1", ",:n1", 99, ")", "true"},
        {"one IN (:n1", ",:n1", 100, ")", "too many operands"},
        {"a", ".a", 31, " = :n1", "false"},
        {"a", ".a", 32, " = :n1", "too many nesting elements"},
        {"size(", "size(", 320, "one", "limit: 300"},
    };
    char result[1200];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = repeat(cases[i].first, cases[i].again, cases[i].count, cases[i].last);
        check_case("%zu times %s", cases[i].count, cases[i].again);
        (void)judge(text, result, sizeof result);
        if (strstr(result, cases[i].wanted) == NULL) {
            CHECK_TEXT(result, cases[i].wanted);
        }
        free(text);
    }
}

TEST(dynamodb_survives_random_expressions)
{
    /* clang-format off */
    static const char *const pieces[] = {
        "one = :n1", "attribute_exists(two)", "one", "two", "m.a", "arr[1]", ":n1", ":hello", "#m",
        "size(", "contains(", ")", "(", " AND ", " OR ", "NOT ", " = ", " < ", " IN ", ",",
        " BETWEEN ", "[", "]", ".", "0", "\xFF", "\x01", "begins_with(", "attribute_exists(", "+",
    };
    /* clang-format on */
    size_t piece_count = sizeof pieces / sizeof pieces[0];
    char result[1200];
    int parsed = 0;
    srand(3);
    for (int i = 0; i < 3000; i++) {
        char text[400] = "";
        for (int n = rand() % 12; n > 0; n--) {
            const char *piece = pieces[(size_t)rand() % piece_count];
            /* jansson takes no text that isn't UTF-8; such bytes are for the fuzzer. */
            (void)strcat(text, piece[0] == '\xFF' ? "?" : piece);
        }
        (void)judge(text, result, sizeof result);
        parsed += strcmp(result, "true") == 0 || strcmp(result, "false") == 0;
        check_case("%s", text);
        if (!CHECK(result[0] != '\0')) {
            return;
        }
    }
    CHECK(parsed > 10);
}
