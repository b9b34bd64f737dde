/*
 * dynamodb_transact_test.c - batches and transactions of the embedded DynamoDB.
 */
#include "tests/unit/check.h"

#include "tests/unit/dynamodb_ask.h"

#define KEY(id) "{'id':{'S':'" id "'}}"
#define PUT(id) "{'Put':{'TableName':'things','Item':" KEY(id) "}}"

TEST(dynamodb_batches)
{
    struct ask ask = ask_open();
    static const struct ask_step steps[] = {
        {"BatchWriteItem",
         "{'RequestItems':{'things':[{'PutRequest':{'Item':" KEY("a") "}},"
                                                                      "{'PutRequest':{'Item':" KEY(
                                                                          "b") "}}]}}",
         "{'UnprocessedItems':{}}"},
        {"BatchWriteItem",
         "{'RequestItems':{'things':[{'PutRequest':{'Item':" KEY(
             "c") "}},"
                  "{'DeleteRequest':{'Key':" KEY("b") "}}]}}",
         "{'UnprocessedItems':{}}"},
        {"BatchGetItem",
         "{'RequestItems':{'things':{'Keys':[" KEY("a") "," KEY("b") "," KEY("c") "]}}}",
         "{'Responses':{'things':[" KEY("a") "," KEY("c") "]},'UnprocessedKeys':{}}"},
        {"BatchGetItem", "{'RequestItems':{'things':{'Keys':[" KEY("a") "," KEY("a") "]}}}",
         "!ValidationException: Provided list of item keys contains duplicates"},
        {"BatchWriteItem",
         "{'RequestItems':{'things':[{'PutRequest':{'Item':" KEY(
             "a") "}},"
                  "{'DeleteRequest':{'Key':" KEY("a") "}}]}}",
         "!ValidationException: Provided list of item keys contains duplicates"},
        {"BatchWriteItem", "{'RequestItems':{}}", "!ValidationException: at 'requestItems'"},
        {"BatchWriteItem", "{'RequestItems':{'things':[]}}",
         "!ValidationException: at 'requestItems'"},
        {"BatchWriteItem", "{'RequestItems':{'things':[{}]}}",
         "!ValidationException: exactly one of PutRequest and DeleteRequest"},
        {"BatchWriteItem", "{'RequestItems':{'nowhere':[{'PutRequest':{'Item':" KEY("a") "}}]}}",
         "!ResourceNotFoundException"},
        {"BatchGetItem", "{'RequestItems':{'things':[]}}", "!SerializationException"},
    };
    ASK(&ask, steps);
    ask_close(&ask);
}

TEST(dynamodb_transactions)
{
    struct ask ask = ask_open();
    static const struct ask_step steps[] = {
        {"TransactWriteItems", "{'TransactItems':[" PUT("a") "," PUT("b") "]}", "{}"},
        {"TransactWriteItems",
         "{'TransactItems':[" PUT("c") ",{'ConditionCheck':{'TableName':'things','Key':" KEY(
             "a") ",'ConditionExpression':'attribute_not_exists(id)'}},"
                  "{'Update':{'TableName':'things','Key':" KEY(
                      "b") ",'UpdateExpression':'SET x = y'}}]}",
         "!TransactionCanceledException: [None, ConditionalCheckFailed, ValidationError]"},
        {"TransactGetItems",
         "{'TransactItems':[{'Get':{'TableName':'things','Key':" KEY(
             "a") "}},{'Get':{'TableName':'things','Key':" KEY("c") "}}]}",
         "{'Responses':[{'Item':" KEY("a") "},{}]}"},
        {"TransactWriteItems", "{'TransactItems':[" PUT("c") "," PUT("c") "]}",
         "!ValidationException: cannot include multiple operations on one item"},
        {"TransactWriteItems", "{'TransactItems':[]}", "!ValidationException: 0 items"},
        {"TransactWriteItems", "{'TransactItems':[{}]}", "!ValidationException: Invalid Request"},
        {"TransactWriteItems",
         "{'TransactItems':[{'ConditionCheck':{'TableName':'things','Key':" KEY("a") "}}]}",
         "!ValidationException: 'ConditionExpression' is required"},
    };
    ASK(&ask, steps);
    ask_close(&ask);
}

static int64_t test_now_ms;

static int64_t test_clock(void)
{
    return test_now_ms;
}

#define ADD_ONE(amount)                                                                            \
    "{'ClientRequestToken':'t-1','TransactItems':[{'Update':{'TableName':'things','Key':" KEY(     \
        "n") ",'UpdateExpression':'ADD n :n','ExpressionAttributeValues':{':n':{'N':'" amount      \
             "'}}}}]}"
#define COUNTED(n) "{'Item':{'id':{'S':'n'},'n':{'N':'" n "'}}}"
#define READ_N     "{'TableName':'things','Key':" KEY("n") "}"

TEST(dynamodb_transaction_tokens)
{
    struct ask ask = ask_open();
    ask.local->now_ms = test_clock;
    test_now_ms = 1000000;
    static const struct ask_step first[] = {
        {"TransactWriteItems", ADD_ONE("1"), "{}"},
        {"TransactWriteItems", ADD_ONE("1"), "{}"},
        {"GetItem", READ_N, COUNTED("1")},
        {"TransactWriteItems", ADD_ONE("2"), "!IdempotentParameterMismatchException"},
        {"GetItem", READ_N, COUNTED("1")},
    };
    static const struct ask_step later[] = {
        {"TransactWriteItems", ADD_ONE("2"), "{}"},
        {"GetItem", READ_N, COUNTED("3")},
    };
    ASK(&ask, first);
    test_now_ms += (int64_t)10 * 60 * 1000 + 1;
    ASK(&ask, later);
    ask_close(&ask);
}

TEST(dynamodb_tables_are_declared_once)
{
    struct ask ask = ask_open();
    struct error err;
    CHECK(dynamodb_local_declare_table(ask.local, "things", "id", &err));
    CHECK(!dynamodb_local_declare_table(ask.local, "things", "id:N", &err));
    CHECK_TEXT(err.code, "ResourceInUseException");
    CHECK_TEXT(err.message, "Table already exists: things with the keys id:S; asked for were id:N");
    static const char *const bad[] = {"", "id:", "id:X", "id:L", "a,b,c:S,d", "id,id", ",b", "a,"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_case("%s", bad[i]);
        CHECK(!dynamodb_local_declare_table(ask.local, "other", bad[i], &err));
    }
    CHECK(!dynamodb_local_declare_table(ask.local, "a b", "id", &err));
    static const struct ask_step steps[] = {
        {"CreateTable",
         "{'TableName':'made','KeySchema':[{'AttributeName':'h','KeyType':'HASH'},"
         "{'AttributeName':'r','KeyType':'RANGE'}],'AttributeDefinitions':[{'AttributeName':'h',"
         "'AttributeType':'B'},{'AttributeName':'r','AttributeType':'N'}]}",
         "{'TableDescription':{'TableName':'made','TableStatus':'ACTIVE','CreationDateTime':1.5,"
         "'KeySchema':[{'AttributeName':'h','KeyType':'HASH'},{'AttributeName':'r','KeyType':"
         "'RANGE'}],'AttributeDefinitions':[{'AttributeName':'h','AttributeType':'B'},"
         "{'AttributeName':'r','AttributeType':'N'}]}}"},
        {"CreateTable",
         "{'TableName':'made','KeySchema':[{'AttributeName':'h','KeyType':'HASH'}],"
         "'AttributeDefinitions':[{'AttributeName':'h','AttributeType':'B'}]}",
         "!ResourceInUseException"},
        {"CreateTable", "{'TableName':'more','KeySchema':[],'AttributeDefinitions':[]}",
         "!ValidationException"},
        {"PutItem", "{'TableName':'made','Item':{'h':{'B':'AA=='},'r':{'N':'1'}}}", "{}"},
    };
    ask.local->now_ms = test_clock;
    test_now_ms = 1500;
    ASK(&ask, steps);
    ask_close(&ask);
}
