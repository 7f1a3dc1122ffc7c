-- One commit: everything that a batch changes, or nothing.
--
-- KEYS[1]  the partition's progress hash
-- KEYS[2..] every other key that is written
-- ARGV[1]  msgpack of {version, committed_at, positions, progress, lengths, hashes, strings, appends, counters, registrations, full}:
--   positions  {topic, start, next, ...}
--   progress   {field, number, ...}
--   lengths    {position in KEYS, length that the list must have, ...}
--   hashes     {position in KEYS, {field, value, ...}, ...}
--   strings    {position in KEYS, {byte offset, bytes, ...}, ...}
--   appends    {position in KEYS, {entry, ...}, ...}
--   counters   {position in KEYS, {field, change, ...}, ...}
--   full       {position in KEYS, ...} of strings that will not grow any more
--   registrations  {position in KEYS, {field to create empty if missing, ...}, ...}
--
-- Returns {1, new version}, or {0, reason}. A script does not roll back, so everything that could fail is checked before the first write.

local commit = cmsgpack.unpack(ARGV[1])
local progress = KEYS[1]
local version, committed_at, positions, fields, lengths, hashes, strings, appends, counters, registrations, full = unpack(commit)

-- The fence: nothing may have moved since the worker read.
local current, successor = unpack(redis.call('HMGET', progress, 'version', 'successor'))
current = current or '0'
if successor then
  return {0, 'generation ' .. successor .. ' has taken over'}
end
if current ~= tostring(version) then
  return {0, 'version is ' .. current .. ', read was ' .. version}
end
for i = 1, #positions, 3 do
  local stored = redis.call('HGET', progress, 'offset:' .. positions[i]) or '0'
  if stored ~= positions[i + 1] then
    return {0, 'offset of ' .. positions[i] .. ' is ' .. stored .. ', the batch starts at ' .. positions[i + 1]}
  end
end
for i = 1, #lengths, 2 do
  local length = redis.call('LLEN', KEYS[lengths[i]])
  if length ~= lengths[i + 1] then
    return {0, KEYS[lengths[i]] .. ' has ' .. length .. ' entries, ' .. lengths[i + 1] .. ' were read'}
  end
end

-- A key of a foreign type would make a write fail half-way.
local function require_type(writes, wanted)
  for i = 1, #writes, 2 do
    local found = redis.call('TYPE', KEYS[writes[i]]).ok
    if found ~= wanted and found ~= 'none' then
      return 'key ' .. KEYS[writes[i]] .. ' is a ' .. found .. ', not a ' .. wanted
    end
  end
end
local fault = require_type(hashes, 'hash') or require_type(strings, 'string') or require_type(appends, 'list') or require_type(counters, 'hash')
  or require_type(registrations, 'hash')
if fault then
  return redis.error_reply('FOREIGN ' .. fault)
end

-- The counters as they will be: to add to what is no number would fail half-way.
for i = 1, #counters, 2 do
  local key, changes = KEYS[counters[i]], counters[i + 1]
  for first = 1, #changes, 2000 do
    local last, names = math.min(first + 1999, #changes), {}
    for j = first, last, 2 do
      names[#names + 1] = changes[j]
    end
    local found = redis.call('HMGET', key, unpack(names))
    for j = 1, #found do
      local number = tonumber(found[j] or 0)
      if not number then
        return redis.error_reply('FOREIGN field ' .. names[j] .. ' of ' .. key .. ' is no number')
      end
      changes[first + 2 * j - 1] = number + changes[first + 2 * j - 1]
    end
  end
end

for i = 1, #hashes, 2 do
  local key, writes = KEYS[hashes[i]], hashes[i + 1]
  for first = 1, #writes, 1000 do  -- unpack has a limit of a few thousand values
    redis.call('HSET', key, unpack(writes, first, math.min(first + 999, #writes)))
  end
end
for i = 1, #registrations, 2 do
  local key, missing = KEYS[registrations[i]], registrations[i + 1]
  for j = 1, #missing do
    redis.call('HSETNX', key, missing[j], '')
  end
end
for i = 1, #strings, 2 do
  local key, patches = KEYS[strings[i]], strings[i + 1]
  for j = 1, #patches, 2 do
    redis.call('SETRANGE', key, patches[j], patches[j + 1])
  end
end
for i = 1, #full do  -- SETRANGE doubles the room of a string whenever it grows; written anew it takes just what it needs
  redis.call('SET', KEYS[full[i]], redis.call('GET', KEYS[full[i]]))
end
for i = 1, #appends, 2 do
  local key, entries = KEYS[appends[i]], appends[i + 1]
  for first = 1, #entries, 1000 do
    redis.call('RPUSH', key, unpack(entries, first, math.min(first + 999, #entries)))
  end
end
for i = 1, #counters, 2 do
  local key, sums = KEYS[counters[i]], counters[i + 1]
  for first = 1, #sums, 1000 do
    redis.call('HSET', key, unpack(sums, first, math.min(first + 999, #sums)))
  end
end
for i = 1, #positions, 3 do
  redis.call('HSET', progress, 'offset:' .. positions[i], positions[i + 2])
end
for i = 1, #fields, 2 do
  redis.call('HSET', progress, fields[i], fields[i + 1])
end
redis.call('HSET', progress, 'version', version + 1, 'committed_at', committed_at)
return {1, version + 1}
