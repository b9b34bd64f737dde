-- The keys of a table, sorted: what pairs() gives comes in another order each time.

return function(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end
