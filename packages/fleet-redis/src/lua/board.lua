#!lua flags=allow-oom
-- A board of short notes that vanish when they are not repeated; times are those of Redis, so the
-- clocks of the processes do not matter. Small and bounded, so a full Redis takes it, too.
-- KEYS[1]: hash of field -> "seen since text". ARGV: 1 how long a note counts, 2 notes at most,
-- 3 whether to read, 4 how many to withdraw, their fields, then field, age and text of each to write.
-- Returns {now, field, note, ...}.
local key, windowMs, notesMax = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local first = 5 + ARGV[4]

for i = 5, first - 1 do redis.call('HDEL', key, ARGV[i]) end
for i = first, #ARGV, 3 do
  if redis.call('HLEN', key) < notesMax or redis.call('HEXISTS', key, ARGV[i]) == 1 then
    local since = now - tonumber(ARGV[i + 1])
    redis.call('HSET', key, ARGV[i], string.format('%.0f %.0f %s', now, since, ARGV[i + 2]))
  end
end
if first <= #ARGV then redis.call('PEXPIRE', key, windowMs) end
if ARGV[3] ~= '1' then return { now } end

local notes = redis.call('HGETALL', key)
local answer = { now }
for i = 1, #notes, 2 do
  local seen = tonumber(string.match(notes[i + 1], '^%d+'))
  -- One from the future was written before the clock of Redis was set back.
  if seen and now - seen < windowMs and seen <= now then
    answer[#answer + 1] = notes[i]
    answer[#answer + 1] = notes[i + 1]
  else
    redis.call('HDEL', key, notes[i])
  end
end
return answer
