/*
 * dynamodb_items_test.c - GetItem, PutItem, UpdateItem, DeleteItem of the embedded DynamoDB: what
 * they return, and DynamoDB's own complaints.
 */
#include "tests/unit/check.h"
#include "tests/unit/dynamodb_ask.h"

TEST(dynamodb_puts_gets_and_deletes)
{
    struct ask ask = ask_open();
    static const struct ask_step steps[] = {
        {"GetItem", "{'TableName':'things','Key':{'id':{'S':'a'}}}", "{}"},
        {"PutItem",
         "{'TableName':'things','ReturnValues':'ALL_OLD','Item':{'id':{'S':'a'},'n':{'N':'1.50'},"
         "'l':{'L':[{'S':''},{'NULL':true},{'BOOL':false}]},'s':{'NS':['10','9','1e1e']}}}",
         "!ValidationException: cannot be converted to a numeric value: 1e1e"},
        {"PutItem",
         "{'TableName':'things','ReturnValues':'ALL_OLD','Item':{'id':{'S':'a'},'n':{'N':'1.50'},"
         "'l':{'L':[{'S':''},{'NULL':true},{'BOOL':false}]},'s':{'NS':['10','9','0.1e1']}}}",
         "{}"},
        {"GetItem", "{'TableName':'things','ConsistentRead':true,'Key':{'id':{'S':'a'}}}",
         "{'Item':{'id':{'S':'a'},'n':{'N':'1.5'},'l':{'L':[{'S':''},{'NULL':true},"
         "{'BOOL':false}]},'s':{'NS':['1','9','10']}}}"},
        {"GetItem",
         "{'TableName':'things','Key':{'id':{'S':'a'}},'ProjectionExpression':'l[2],#n,l[0],x',"
         "'ExpressionAttributeNames':{'#n':'n'}}",
         "{'Item':{'l':{'L':[{'S':''},{'BOOL':false}]},'n':{'N':'1.5'}}}"},
        {"PutItem",
         "{'TableName':'things','Item':{'id':{'S':'a'}},"
         "'ConditionExpression':'attribute_not_exists(id)'}",
         "!ConditionalCheckFailedException: The conditional request failed"},
        {"PutItem", "{'TableName':'things','Item':{'id':{'S':'a'}},'ReturnValues':'ALL_OLD'}",
         "{'Attributes':{'id':{'S':'a'},'n':{'N':'1.5'},'l':{'L':[{'S':''},{'NULL':true},"
         "{'BOOL':false}]},'s':{'NS':['1','9','10']}}}"},
        {"DeleteItem", "{'TableName':'things','Key':{'id':{'S':'a'}},'ReturnValues':'ALL_OLD'}",
         "{'Attributes':{'id':{'S':'a'}}}"},
        {"DeleteItem", "{'TableName':'things','Key':{'id':{'S':'a'}},'ReturnValues':'ALL_OLD'}",
         "{}"},
        {"GetItem", "{'TableName':'things','Key':{'id':{'S':'a'}}}", "{}"},
    };
    ASK(&ask, steps);
    ask_close(&ask);
}

TEST(dynamodb_names_what_is_wrong)
{
    struct ask ask = ask_open();
    static const struct ask_step steps[] = {
        {"GetItem", "{'TableName':'nowhere','Key':{'id':{'S':'a'}}}",
         "!ResourceNotFoundException: Requested resource not found: Table: nowhere not found (in "
         "the local store a table is declared with its key: --table nowhere=id)"},
        {"GetItem", "{'TableName':'nowhere','Key':{'key':{'B':'YQ=='}}}",
         "!ResourceNotFoundException: --table nowhere=key:B)"},
        {"GetItem", "{'TableName':'nowhere','Key':{'at':{'N':'1'},'photo_id':{'S':'a'}}}",
         "!ResourceNotFoundException: --table nowhere=photo_id,at:N)"},
        {"UpdateItem", "{'TableName':'nowhere','Key':{'a b':{'S':'a'}}}",
         "!ResourceNotFoundException: --table nowhere=id)"},
        {"PutItem", "{'TableName':'nowhere','Item':{'b':{'S':'a'},'imageId':{'S':'a'}}}",
         "!ResourceNotFoundException: --table nowhere=imageId)"},
        {"PutItem", "{'TableName':'nowhere','Item':{'x_id':{'S':'a'},'id':{'N':'1'}}}",
         "!ResourceNotFoundException: --table nowhere=id:N)"},
        {"PutItem", "{'TableName':'nowhere','Item':{'b':{'S':'a'},'x_id':{'L':[]},'d':7}}",
         "!ResourceNotFoundException: --table nowhere=id)"},
        {"PutItem", "{'TableName':'nowhere','Item':3}",
         "!ResourceNotFoundException: --table nowhere=id)"},
        {"BatchWriteItem",
         "{'RequestItems':{'nowhere':[{'PutRequest':{'Item':{'image_id':{'S':'a'}}}}]}}",
         "!ResourceNotFoundException: --table nowhere=image_id)"},
        {"Query", "{'TableName':'nowhere','KeyConditionExpression':'a = :a'}",
         "!ResourceNotFoundException: --table nowhere=id)"},
        {"GetItem", "{'Key':{'id':{'S':'a'}}}", "!ValidationException: 'TableName' is required"},
        {"GetItem", "{'TableName':'a/b','Key':{'id':{'S':'a'}}}",
         "!ValidationException: regular expression pattern"},
        {"GetItem", "{'TableName':'ab','Key':{'id':{'S':'a'}}}",
         "!ValidationException: at least 3 characters"},
        {"GetItem", "{'TableName':'things'}", "!ValidationException: 'Key' is required"},
        {"GetItem", "{'TableName':'things','Key':{'id':{'N':'1'}}}",
         "!ValidationException: The provided key element does not match the schema"},
        {"GetItem", "{'TableName':'things','Key':{'id':{'S':'a'},'x':{'S':'a'}}}",
         "!ValidationException: The provided key element does not match the schema"},
        {"GetItem", "{'TableName':'things','Key':{'id':{'S':''}}}",
         "!ValidationException: cannot contain an empty string value. Key: id"},
        {"PutItem", "{'TableName':'things','Item':{'x':{'S':'a'}}}",
         "!ValidationException: Missing the key id in the item"},
        {"PutItem", "{'TableName':'things','Item':{'id':{'N':'1'}}}",
         "!ValidationException: Type mismatch for key id expected: S actual: N"},
        {"PutItem", "{'TableName':'things','Item':{'id':{'S':'a'},'x':{}}}",
         "!ValidationException: Supplied AttributeValue is empty"},
        {"PutItem", "{'TableName':'things','Item':{'id':{'S':'a'},'x':{'S':'a','N':'1'}}}",
         "!ValidationException: more than one datatypes set"},
        {"PutItem", "{'TableName':'things','Item':{'id':{'S':'a'},'x':{'SS':[]}}}",
         "!ValidationException: An string set  may not be empty"},
        {"PutItem", "{'TableName':'things','Item':{'id':{'S':'a'},'x':{'NS':['1','1.0']}}}",
         "!ValidationException: contains duplicates"},
        {"PutItem", "{'TableName':'things','Item':{'id':{'S':'a'},'x':{'NULL':false}}}",
         "!ValidationException: Null attribute value types must have the value of true"},
        {"PutItem", "{'TableName':'things','Item':{'id':{'S':'a'},'x':{'B':'A'}}}",
         "!SerializationException: base64"},
        {"PutItem", "{'TableName':'things','Item':{'id':{'S':'a'},'x':{'N':1}}}",
         "!SerializationException: JSON string"},
        {"PutItem", "{'TableName':'things','Item':{'id':{'S':'a'}},'ReturnValues':'ALL_NEW'}",
         "!ValidationException: ReturnValues can only be ALL_OLD or NONE"},
        {"PutItem", "{'TableName':'things','Item':{'id':{'S':'a'}},'Expected':{}}",
         "!ValidationException: Expected is a legacy parameter"},
        {"GetItem",
         "{'TableName':'things','Key':{'id':{'S':'a'}},"
         "'ExpressionAttributeNames':{'#a':'a'}}",
         "!ValidationException: can only be specified when using expressions"},
        {"GetItem",
         "{'TableName':'things','Key':{'id':{'S':'a'}},'ProjectionExpression':'a',"
         "'ExpressionAttributeNames':{'#a':'a'}}",
         "!ValidationException: unused in expressions: keys: {#a}"},
        {"ListTables", "{}", "!UnknownOperationException: ListTables"},
        {"GetItem", "[]", "!SerializationException: JSON object"},
        {"GetItem", "{", "!SerializationException: not a JSON document"},
        {"Query", "{'TableName':'things','IndexName':'by-name'}",
         "!ValidationException: does not have the specified index: by-name"},
    };
    ASK(&ask, steps);
    ask_close(&ask);
}

TEST(dynamodb_updates)
{
    struct ask ask = ask_open();
    static const struct ask_step steps[] = {
        {"UpdateItem",
         "{'TableName':'lines','Key':{'id':{'S':'a'},'at':{'N':'1.0'}},"
         "'UpdateExpression':'ADD hits :one SET m = :m, l = :l','ReturnValues':'ALL_NEW',"
         "'ExpressionAttributeValues':{':one':{'N':'1'},':m':{'M':{'x':{'N':'1'}}},"
         "':l':{'L':[{'S':'0'},{'S':'1'},{'S':'2'},{'S':'3'}]}}}",
         "{'Attributes':{'id':{'S':'a'},'at':{'N':'1'},'hits':{'N':'1'},'m':{'M':{'x':{'N':'1'}}},"
         "'l':{'L':[{'S':'0'},{'S':'1'},{'S':'2'},{'S':'3'}]}}}"},
        {"UpdateItem",
         "{'TableName':'lines','Key':{'id':{'S':'a'},'at':{'N':'1'}},'ReturnValues':'UPDATED_NEW',"
         "'UpdateExpression':'SET m.y = m.x + :one, hits = m.x - hits, l[9] = :b, l[8] = :a REMOVE "
         "l[0], l[2], l[5]','ExpressionAttributeValues':{':one':{'N':'1'},':a':{'S':'8'},"
         "':b':{'S':'9'}}}",
         "{'Attributes':{'m':{'M':{'y':{'N':'2'}}},'hits':{'N':'0'},'l':{'L':[{'S':'1'},"
         "{'S':'8'}]}}}"},
        {"GetItem", "{'TableName':'lines','Key':{'id':{'S':'a'},'at':{'N':'1'}}}",
         "{'Item':{'id':{'S':'a'},'at':{'N':'1'},'hits':{'N':'0'},'m':{'M':{'x':{'N':'1'},"
         "'y':{'N':'2'}}},'l':{'L':[{'S':'1'},{'S':'3'},{'S':'8'},{'S':'9'}]}}}"},
        {"UpdateItem",
         "{'TableName':'lines','Key':{'id':{'S':'a'},'at':{'N':'1'}},'ReturnValues':'UPDATED_OLD',"
         "'UpdateExpression':'SET hits = :v','ConditionExpression':'hits = :zero',"
         "'ExpressionAttributeValues':{':v':{'S':'x'},':zero':{'N':'0.0'}}}",
         "{'Attributes':{'hits':{'N':'0'}}}"},
        {"UpdateItem",
         "{'TableName':'lines','Key':{'id':{'S':'a'},'at':{'N':'1'}},"
         "'UpdateExpression':'ADD hits :v','ExpressionAttributeValues':{':v':{'N':'1'}}}",
         "!ValidationException: An operand in the update expression has an incorrect data type"},
        {"UpdateItem",
         "{'TableName':'lines','Key':{'id':{'S':'a'},'at':{'N':'1'}},"
         "'ExpressionAttributeNames':{'#at':'at'},"
         "'UpdateExpression':'SET #at = :v','ExpressionAttributeValues':{':v':{'N':'1'}}}",
         "!ValidationException: Cannot update attribute at. This attribute is part of the key"},
        {"UpdateItem",
         "{'TableName':'lines','Key':{'id':{'S':'a'},'at':{'N':'1'}},"
         "'UpdateExpression':'SET nope.x = :v','ExpressionAttributeValues':{':v':{'N':'1'}}}",
         "!ValidationException: The document path provided in the update expression is invalid"},
        {"UpdateItem",
         "{'TableName':'lines','Key':{'id':{'S':'a'},'at':{'N':'1'}},"
         "'UpdateExpression':'SET z = nope'}",
         "!ValidationException: refers to an attribute that does not exist in the item"},
        {"UpdateItem", "{'TableName':'lines','Key':{'id':{'S':'b'},'at':{'N':'2'}}}", "{}"},
        {"GetItem", "{'TableName':'lines','Key':{'id':{'S':'b'},'at':{'N':'2'}}}",
         "{'Item':{'id':{'S':'b'},'at':{'N':'2'}}}"},
        {"UpdateItem",
         "{'TableName':'lines','Key':{'id':{'S':'c'},'at':{'N':'2'}},'ReturnValues':'ALL_NEW',"
         "'UpdateExpression':'SET l = list_append(if_not_exists(l, :none), :one) ADD s :set',"
         "'ExpressionAttributeValues':{':none':{'L':[]},':one':{'L':[{'N':'1'}]},"
         "':set':{'SS':['b','a']}}}",
         "{'Attributes':{'id':{'S':'c'},'at':{'N':'2'},'l':{'L':[{'N':'1'}]},"
         "'s':{'SS':['a','b']}}}"},
        {"UpdateItem",
         "{'TableName':'lines','Key':{'id':{'S':'c'},'at':{'N':'2'}},'ReturnValues':'ALL_NEW',"
         "'UpdateExpression':'DELETE s :set SET l = list_append(l, l)',"
         "'ExpressionAttributeValues':{':set':{'SS':['b','z']}}}",
         "{'Attributes':{'id':{'S':'c'},'at':{'N':'2'},'l':{'L':[{'N':'1'},{'N':'1'}]},"
         "'s':{'SS':['a']}}}"},
        {"UpdateItem",
         "{'TableName':'lines','Key':{'id':{'S':'c'},'at':{'N':'2'}},'ReturnValues':'ALL_NEW',"
         "'UpdateExpression':'DELETE s :set, gone :set REMOVE l[0], absent',"
         "'ExpressionAttributeValues':{':set':{'SS':['a']}}}",
         "{'Attributes':{'id':{'S':'c'},'at':{'N':'2'},'l':{'L':[{'N':'1'}]}}}"},
    };
    ASK(&ask, steps);
    ask_close(&ask);
}

TEST(dynamodb_shows_what_beat_the_condition)
{
    struct ask ask = ask_open();
    struct dynamodb_store *store = dynamodb_local_store(ask.local);
    struct buffer response;
    struct error err;
    static const struct ask_step steps[] = {
        {"PutItem", "{'TableName':'things','Item':{'id':{'S':'a'},'v':{'N':'7'}}}", "{}"},
    };
    static const char request[] = "{\"TableName\":\"things\",\"Item\":{\"id\":{\"S\":\"a\"}},"
                                  "\"ConditionExpression\":\"attribute_not_exists(id)\","
                                  "\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"}";
    ASK(&ask, steps);
    buffer_init(&response, DYNAMODB_RESPONSE_MAX);
    CHECK(!store->execute(store, "PutItem", request, sizeof request - 1, &response, NULL, &err));
    CHECK_TEXT(err.code, "ConditionalCheckFailedException");
    CHECK_INTEGER(err.status, 400);
    CHECK_TEXT(buffer_text(&response),
               "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\","
               "\"message\":\"The conditional request failed\","
               "\"Item\":{\"id\":{\"S\":\"a\"},\"v\":{\"N\":\"7\"}}}");
    buffer_release(&response);
    ask_close(&ask);
}
