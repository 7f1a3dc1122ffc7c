-- What has moved since the reader looked: the chunks of one account in one shard whose version is not the one that the reader holds.
--
-- KEYS[1]  chunks:A
-- ARGV[1]  the beginning of the shard's keys
-- ARGV[2]  the account
-- ARGV[3]  msgpack of {partition, version, ...} of this shard as of which the reader has everything; empty: it has not
-- ARGV[4]  msgpack of {known, cells, steps}:
--   known  chunk -> the version of the rows held
--   cells  chunk -> the version of the cells held, '' for none; only of chunks whose cells are wanted
--   steps  sequence -> {step, ...} of which cells are wanted
-- ARGV[5]  how many chunks to return at most, so that nobody waits long
--
-- Returns false if the partitions are where the reader says; else {how many chunks there are, chunk, version, rows, cells, ...}:
-- rows false where they have not moved, cells {bytes, ...} in the order of the steps, or false where none are wanted.

local prefix, account, limit = ARGV[1], ARGV[2], tonumber(ARGV[5])
local seen = cmsgpack.unpack(ARGV[3])
local moved = #seen == 0
for i = 1, #seen, 2 do
  if (redis.call('HGET', prefix .. 'partition:' .. seen[i], 'version') or '0') ~= seen[i + 1] then
    moved = true
  end
end
if not moved then
  return false
end

local known, cells, steps = unpack(cmsgpack.unpack(ARGV[4]))
local versions = redis.call('HGETALL', KEYS[1])
local found = {#versions / 2}
for i = 1, #versions, 2 do
  local chunk, version = versions[i], versions[i + 1]
  local other_rows = known[chunk] ~= version
  if other_rows or (cells[chunk] and cells[chunk] ~= version) then
    if limit == 0 then
      break
    end
    limit = limit - 1
    local place, sequence = string.match(chunk, '^(%d+:%d+):(.*)$')
    place = place .. ':' .. account .. '\31' .. sequence
    local of_steps = false
    if steps[sequence] then
      of_steps = {}
      for j, step in ipairs(steps[sequence]) do
        of_steps[j] = redis.call('GET', prefix .. 'cells:' .. place .. '\31' .. step) or ''
      end
    end
    local n = #found
    found[n + 1], found[n + 2], found[n + 4] = chunk, version, of_steps
    found[n + 3] = other_rows and (redis.call('GET', prefix .. 'rows:' .. place) or '')
  end
end
return found
