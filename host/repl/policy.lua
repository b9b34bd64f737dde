-- `.policy`: the least that a role has to allow, for the calls that have been seen.

local json = require "json"
local sorted_keys = require "lunette.sorted_keys"

local policy = {}

-- What each call needs, and on what: docs.aws.amazon.com/service-authorization/latest/reference,
-- "list_amazons3" and "list_amazondynamodb". An object that may be missing is told from one that is
-- forbidden only to those who may list its bucket.
local needs = {
  ["s3.get"] = { objects = { "s3:GetObject" }, bucket = { "s3:ListBucket" } },
  ["s3.find"] = { objects = { "s3:GetObject" }, bucket = { "s3:ListBucket" } },
  ["s3.head"] = { objects = { "s3:GetObject" }, bucket = { "s3:ListBucket" } },
  ["s3.put"] = { objects = { "s3:PutObject", "s3:AbortMultipartUpload" } },
  ["s3.copy"] = { objects = { "s3:GetObject", "s3:PutObject" } },
  ["s3.delete"] = { objects = { "s3:DeleteObject" } },
  ["s3.delete_all"] = { objects = { "s3:DeleteObject" } },
  ["s3.list"] = { bucket = { "s3:ListBucket" } },
  ["dynamodb.get"] = { table = { "dynamodb:GetItem" } },
  ["dynamodb.put"] = { table = { "dynamodb:PutItem" } },
  ["dynamodb.update"] = { table = { "dynamodb:UpdateItem" } },
  ["dynamodb.delete"] = { table = { "dynamodb:DeleteItem" } },
  ["dynamodb.query"] = { table = { "dynamodb:Query" } },
  ["dynamodb.scan"] = { table = { "dynamodb:Scan" } },
  ["dynamodb.batch_get"] = { table = { "dynamodb:BatchGetItem" } },
  ["dynamodb.batch_write"] = { table = { "dynamodb:BatchWriteItem" } },
  ["dynamodb.transact"] = { table = {
    "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem",
  } },
}

local arns = {
  objects = "arn:aws:s3:::%s/*",
  bucket = "arn:aws:s3:::%s",
  table = "arn:aws:dynamodb:*:*:table/%s",
}

local function add(seen, kind, place, actions)
  local arn = arns[kind]:format(place)
  seen[arn] = seen[arn] or {}
  for _, action in ipairs(actions) do seen[arn][action] = true end
end

--- Adds what these effects need to `seen`, {[ARN] = {[action] = true}}.
function policy.note(seen, effects)
  for _, effect in ipairs(effects) do
    for kind, actions in pairs(needs[effect.operation] or {}) do
      for place in effect.place:gmatch("[^, ]+") do add(seen, kind, place, actions) end
    end
  end
end

--- The policy's document. Things that need the same share a statement.
function policy.document(seen)
  local by_actions, order = {}, {}
  for _, arn in ipairs(sorted_keys(seen)) do
    local actions = json.array(sorted_keys(seen[arn]))
    local name = table.concat(actions, " ")
    if not by_actions[name] then
      by_actions[name] = { Effect = "Allow", Action = actions, Resource = json.array {} }
      order[#order + 1] = by_actions[name]
    end
    table.insert(by_actions[name].Resource, arn)
  end
  return { Version = "2012-10-17", Statement = json.array(order) }
end

policy.commands = {
  {
    name = "policy", usage = ".policy",
    summary = "prints the least IAM policy for the handler's calls so far",
    run = function(session)
      if not session.last then session:usage("nothing has run yet; .run does that") end
      session:say(json.encode(policy.document(session.needs), { indent = 2 }))
    end,
  },
}

return policy
