/*
 * dynamodb_query_test.c - Query and Scan of the embedded DynamoDB, and the order of keys.
 */
#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/local/dynamodb/item_key.h"
#include "tests/unit/dynamodb_ask.h"

#define LINE(at) "{'id':{'S':'a'},'at':{'N':'" at "'}}"

TEST(dynamodb_queries_ranges)
{
    struct ask ask = ask_open();
    static const struct ask_step steps[] = {
        {"BatchWriteItem",
         "{'RequestItems':{'lines':["
         "{'PutRequest':{'Item':" LINE("10") "}},{'PutRequest':{'Item':" LINE(
             "9") "}},"
                  "{'PutRequest':{'Item':" LINE("-1.5") "}},{'PutRequest':{'Item':" LINE(
                      "0") "}},"
                           "{'PutRequest':{'Item':{'id':{'S':'b'},'at':{'N':'1'}}}}],"
                           "'bytes':[{'PutRequest':{'Item':{'id':{'B':'AQ=='},'part':{'S':'x'}}}},"
                           "{'PutRequest':{'Item':{'id':{'B':'AQ=='},'part':{'S':'xy'}}}},"
                           "{'PutRequest':{'Item':{'id':{'B':'AQ=='},'part':{'S':'y'}}}}]}}",
         "{'UnprocessedItems':{}}"},
        {"Query",
         "{'TableName':'lines','KeyConditionExpression':'id = :a',"
         "'ExpressionAttributeValues':{':a':{'S':'a'}}}",
         "{'Items':[" LINE("-1.5") "," LINE("0") "," LINE("9") "," LINE(
             "10") "],'Count':4,'ScannedCount':4}"},
        {"Query",
         "{'TableName':'lines','KeyConditionExpression':'#at > :n AND id = :a',"
         "'ScanIndexForward':false,'ExpressionAttributeNames':{'#at':'at'},"
         "'ExpressionAttributeValues':{':a':{'S':'a'},':n':{'N':'0'}}}",
         "{'Items':[" LINE("10") "," LINE("9") "],'Count':2,'ScannedCount':2}"},
        {"Query",
         "{'TableName':'lines','KeyConditionExpression':'id = :a','Limit':2,'Select':'COUNT',"
         "'ExpressionAttributeValues':{':a':{'S':'a'}}}",
         "{'Count':2,'ScannedCount':2,'LastEvaluatedKey':" LINE("0") "}"},
        {"Query",
         "{'TableName':'lines','KeyConditionExpression':'id = :a','Limit':2,"
         "'ExclusiveStartKey':" LINE("0") ",'ExpressionAttributeValues':{':a':{'S':'a'}}}",
         "{'Items':[" LINE("9") "," LINE("10") "],'Count':2,'ScannedCount':2,"
                                               "'LastEvaluatedKey':" LINE("10") "}"},
        {"Query",
         "{'TableName':'bytes','KeyConditionExpression':'id = :a AND begins_with(part, :x)',"
         "'ExpressionAttributeValues':{':a':{'B':'AQ=='},':x':{'S':'x'}},"
         "'ProjectionExpression':'part'}",
         "{'Items':[{'part':{'S':'x'}},{'part':{'S':'xy'}}],'Count':2,'ScannedCount':2}"},
        {"Scan",
         "{'TableName':'lines','FilterExpression':'#at < :n',"
         "'ExpressionAttributeNames':{'#at':'at'},'ExpressionAttributeValues':{':n':{'N':'1'}}}",
         "{'Items':[" LINE("-1.5") "," LINE("0") "],'Count':2,'ScannedCount':5}"},
        {"Scan", "{'TableName':'lines','Limit':4,'Select':'COUNT'}",
         "{'Count':4,'ScannedCount':4,'LastEvaluatedKey':" LINE("10") "}"},
        {"Scan", "{'TableName':'lines','ExclusiveStartKey':" LINE("10") "}",
         "{'Items':[{'id':{'S':'b'},'at':{'N':'1'}}],'Count':1,'ScannedCount':1}"},
        {"DescribeTable", "{'TableName':'nowhere'}", "!ResourceNotFoundException"},
    };
    ASK(&ask, steps);
    ask_close(&ask);
}

TEST(dynamodb_refuses_what_is_no_query)
{
    struct ask ask = ask_open();
    static const struct {
        const char *fields, *wanted;
    } cases[] = {
        {"'Select':'COUNT'", "!ValidationException: must be specified in the request"},
        {"'KeyConditionExpression':'x = :a'",
         "!ValidationException: missed key schema element: id"},
        {"'KeyConditionExpression':'#at = :n'",
         "!ValidationException: missed key schema element: id"},
        {"'KeyConditionExpression':'id = :a AND x = :n'",
         "!ValidationException: missed key schema element: at"},
        {"'KeyConditionExpression':'id = :a OR #at = :n'",
         "!ValidationException: Invalid operator used in KeyConditionExpression: OR"},
        {"'KeyConditionExpression':'id = :a AND #at <> :n'",
         "!ValidationException: Invalid operator used in KeyConditionExpression: <>"},
        {"'KeyConditionExpression':'id = :a AND contains(#at, :n)'",
         "!ValidationException: Invalid operator used in KeyConditionExpression: contains"},
        {"'KeyConditionExpression':'id > :a'", "!ValidationException: not supported"},
        {"'KeyConditionExpression':'id = :n'", "!ValidationException: does not match schema type"},
        {"'KeyConditionExpression':'id = :a AND #at = :a'",
         "!ValidationException: does not match schema type"},
        {"'KeyConditionExpression':'id = :a AND #at > :n AND #at < :n'",
         "!ValidationException: must only contain one condition per key"},
        {"'KeyConditionExpression':'id.x = :a'", "!ValidationException: nested attributes"},
        {"'KeyConditionExpression':'id = :a','FilterExpression':'#at = :n'",
         "!ValidationException: non-primary key attributes: Primary key attribute: at"},
        {"'KeyConditionExpression':'id = :a','Limit':0",
         "!ValidationException: Value '0' at 'limit'"},
        {"'KeyConditionExpression':'id = :a','ExclusiveStartKey':{'id':{'S':'a'}}",
         "!ValidationException: The provided starting key is invalid"},
        {"'KeyConditionExpression':'id = :a','ExclusiveStartKey':{'id':{'S':'b'},'at':{'N':'1'}}",
         "!ValidationException: outside query boundaries"},
        {"'KeyConditionExpression':'id = :a','Select':'ALL_PROJECTED_ATTRIBUTES'",
         "!ValidationException: ALL_PROJECTED_ATTRIBUTES"},
        {"'KeyConditionExpression':'id = :a','Select':'SPECIFIC_ATTRIBUTES'",
         "!ValidationException: Must specify the ProjectionExpression"},
        {"'KeyConditionExpression':'id = :a','Select':'COUNT','ProjectionExpression':'id'",
         "!ValidationException: only the Count"},
        {"'KeyConditionExpression':'id = :a','Select':'SOME'",
         "!ValidationException: Value 'SOME' at 'Select'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* All placeholders are used, so that only what the case is about is wrong. */
        char request[1200];
        (void)snprintf(request, sizeof request, "{'TableName':'lines',%s", cases[i].fields);
        bool uses_at = strstr(cases[i].fields, "#at") != NULL;
        bool uses_n = strstr(cases[i].fields, ":n") != NULL;
        bool uses_a = strstr(cases[i].fields, ":a") != NULL;
        size_t length = strlen(request);
        (void)snprintf(request + length, sizeof request - length, "%s%s%s%s%s%s}",
                       uses_at ? ",'ExpressionAttributeNames':{'#at':'at'}" : "",
                       uses_a || uses_n ? ",'ExpressionAttributeValues':{" : "",
                       uses_a ? "':a':{'S':'a'}" : "", uses_a && uses_n ? "," : "",
                       uses_n ? "':n':{'N':'1'}" : "", uses_a || uses_n ? "}" : "");
        struct ask_step step = {"Query", request, cases[i].wanted};
        ask_steps(&ask, &step, 1);
    }
    ask_close(&ask);
}

static json_t *random_key_value(enum value_type type)
{
    static const char *const texts[] = {"AAE=", "AA==", "/w==", "/wA=", "//8=", "AQID", "AQI="};
    char text[40];
    if (type == VALUE_B) {
        return json_pack("{s:s}", "B", texts[(size_t)rand() % (sizeof texts / sizeof texts[0])]);
    }
    if (type == VALUE_N) {
        (void)snprintf(text, sizeof text, "%d.%de%d", rand() % 200 - 100, rand() % 30,
                       rand() % 7 - 3);
        return json_pack("{s:s}", "N", text);
    }
    size_t length = 0;
    for (int n = 1 + rand() % 3; n > 0; n--) {
        static const char *const letters[] = {"a", "b", "~", "\xC3\xBC", "\xF0\x9F\x98\x80", "A"};
        length += (size_t)snprintf(text + length, sizeof text - length, "%s",
                                   letters[(size_t)rand() % (sizeof letters / sizeof letters[0])]);
    }
    return json_pack("{s:s}", "S", text);
}

TEST(dynamodb_stores_keys_in_the_order_of_their_values)
{
    struct error err;
    srand(4);
    for (int i = 0; i < 6000; i++) {
        enum value_type type = (enum value_type)(i % 3);
        json_t *raw[2], *values[2];
        unsigned char keys[2][DYNAMODB_SORT_KEY_MAX];
        size_t lengths[2];
        for (int k = 0; k < 2; k++) {
            raw[k] = random_key_value(type);
            values[k] = value_read(raw[k], &err);
            CHECK(values[k] != NULL &&
                  item_key_encode(values[k], keys[k], sizeof keys[k], &lengths[k], &err));
        }
        int order,
            key_order = memcmp(keys[0], keys[1], lengths[0] < lengths[1] ? lengths[0] : lengths[1]);
        key_order = key_order != 0 ? key_order : (int)lengths[0] - (int)lengths[1];
        check_case("%s and %s", json_string_value(value_content(values[0])),
                   json_string_value(value_content(values[1])));
        bool good = CHECK(value_compare(values[0], values[1], &order)) &&
                    CHECK_INTEGER((key_order > 0) - (key_order < 0), (order > 0) - (order < 0));
        for (int k = 0; k < 2; k++) {
            json_decref(raw[k]);
            json_decref(values[k]);
        }
        if (!good) {
            return;
        }
    }
}

TEST(dynamodb_limits_keys_and_items)
{
    struct ask ask = ask_open();
    static const struct {
        const char *before;
        size_t count; /* of "x" */
        const char *after, *wanted;
    } cases[] = {
        {"{'TableName':'things','Item':{'id':{'S':'", 2048, "'}}}", "{}"},
        {"{'TableName':'things','Item':{'id':{'S':'", 2049, "'}}}",
         "!ValidationException: Size of hashkey has exceeded the maximum size limit of2048 bytes"},
        {"{'TableName':'bytes','Item':{'id':{'B':'AA=='},'part':{'S':'", 1024, "'}}}", "{}"},
        {"{'TableName':'bytes','Item':{'id':{'B':'AA=='},'part':{'S':'", 1025, "'}}}",
         "!ValidationException: exceeded the size limit of 1024 bytes"},
        /* id (2) + a (1) + 1 + 1 + content */
        {"{'TableName':'things','Item':{'id':{'S':'a'},'a':{'S':'", 409600 - 4, "'}}}", "{}"},
        {"{'TableName':'things','Item':{'id':{'S':'a'},'a':{'S':'", 409600 - 3, "'}}}",
         "!ValidationException: Item size has exceeded the maximum allowed size"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t before = strlen(cases[i].before), size = before + cases[i].count + 100;
        char *request = malloc(size);
        if (!CHECK(request != NULL)) {
            break;
        }
        (void)strcpy(request, cases[i].before);
        memset(request + before, 'x', cases[i].count);
        (void)strcpy(request + before + cases[i].count, cases[i].after);
        struct ask_step step = {"PutItem", request, cases[i].wanted};
        ask_steps(&ask, &step, 1);
        free(request);
    }
    static const struct ask_step steps[] = {
        {"UpdateItem",
         "{'TableName':'things','Key':{'id':{'S':'a'}},'UpdateExpression':'SET b = :b',"
         "'ExpressionAttributeValues':{':b':{'S':''}}}",
         "!ValidationException: Item size to update has exceeded the maximum allowed size"},
    };
    ASK(&ask, steps);
    ask_close(&ask);
}
