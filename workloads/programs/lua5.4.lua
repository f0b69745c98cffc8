-- Tables, closures and strings under a collector; realloc comes from growing tables and buffers.
local function tree(depth)
  if depth == 0 then return { leaf = true } end
  return { left = tree(depth - 1), right = tree(depth - 1), depth = depth }
end

local function count(node)
  if node.leaf then return 1 end
  return count(node.left) + count(node.right)
end

local total = 0
local long_lived = tree(12)
for turn = 1, 12 do
  total = total + count(tree(12))
  local list = {}
  for i = 1, 20000 do list[i] = "item-" .. (i * 7919 % 10007) end
  table.sort(list)
  local buffer = {}
  for i = 1, 3000 do buffer[#buffer + 1] = function() return list[i] end end
  local parts = {}
  for i, f in ipairs(buffer) do parts[i] = f():rep(i % 5 + 1) end
  total = total + #table.concat(parts, ",") % 1000
end
total = total + count(long_lived)
if total ~= 53440 then
  io.stderr:write("wrong total ", total, "\n")
  os.exit(1)
end
