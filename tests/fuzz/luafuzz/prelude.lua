-- What the programs find besides Lua's libraries. Returned in the order of NAMES in session.py.
local failed, fuel = ...
local calm = false
local pairs, getmetatable, newproxy, tostring = pairs, getmetatable, newproxy, tostring
local pcall, xpcall, type, error, sub, select = pcall, xpcall, type, error, string.sub, select
local sethook, collectgarbage, set_any_metatable, setmetatable = debug.sethook, collectgarbage, debug.setmetatable, setmetatable
local create = coroutine.create
local string_metatable, string_library, globals = getmetatable(""), string, _G
local load_text = loadstring or load
load_function = load

-- LuaJIT 2.0 crashes when an error in __gc leaves the collector while compiled code is left.
if jit and jit.version_num < 20100 then jit.off() end

-- The file system and the process are not part of the game.
userdata = io.tmpfile()
os, io, dofile, loadfile, jit = nil, nil, nil, nil, nil
package.path, package.cpath = "", ""
for _, name in pairs {"os", "io", "jit", "ffi", "jit.opt", "jit.util", "jit.profile", "table.new"} do
  package.loaded[name] = nil
  package.preload[name] = nil
end
package.loadlib, package.searchpath, package.loaders, package.searchers = nil, nil, nil, nil

-- Lua 5.1 and LuaJIT shift all positions down to the one that is given, two thousand millions of them perhaps.
local insert, tonumber = table.insert, tonumber
function table.insert(t, ...)
  local position = tonumber((...))
  if position and not (position >= -1000) then error("position out of bounds", 0) end
  return insert(t, ...)
end

unpack = table.unpack or unpack
function load(chunk, ...)
  if type(chunk) ~= "function" then return load_text(chunk, ...) end
  local left = 30
  return load_function(function()
    left = left - 1
    if left >= 0 then return chunk() end
  end, ...)
end
cdata = load_text("return 1LL") and load_text("return 1LL")() or 1
close_thread = coroutine.close or coroutine.status
function print_nothing() end

local divide, both = load_text("local x, y = ... return x // y"), load_text("local x, y = ... return x & y")
quotient = divide or function(x, y) return x / y end
conjunction = both or function(x, y) return x ^ y end

local function burn()
  fuel = fuel - 1
  if fuel < 0 then error("out of fuel", 0) end
end

local function check(ok, problem, ...)
  if not ok then failed(problem) end
  return ok, problem, ...
end

local function try(f, ...) return check(pcall(f, ...)) end
local function xtry(f, ...) return check(xpcall(f, function(problem) burn() return problem end, ...)) end

-- Strings must not grow without end.
local function short(x, ...)
  if type(x) == "string" and #x > 10000 then x = sub(x, 1, 100) end
  return x, ...
end

local function concat(x, y) return short(x) .. short(y) end

-- A hook that raises for ever would make the runtime useless, rightly.
local function limited(f)
  local left = 20
  return function(...)
    left = left - 1
    if left < 0 or calm then return sethook() end
    return f(...)
  end
end

-- An object with a finalizer, on every version of the language.
local function finalized(f)
  local left = 3
  local function finalizer(...)
    left = left - 1
    if left >= 0 and not calm then return f(...) end
  end
  if newproxy then
    local object = newproxy(true)
    getmetatable(object).__gc = finalizer
    return object
  end
  return setmetatable({}, {__gc = finalizer})
end

local function same(...) return ... end

-- Undo what programs do to the types that all code needs.
local function reset()
  calm = true
  sethook()
  for _, value in pairs {true, 1, pcall, create(same)} do set_any_metatable(value, nil) end
  set_any_metatable(nil, nil)
  set_any_metatable(string_metatable, nil)
  set_any_metatable("", string_metatable)
  for key in pairs(string_metatable) do string_metatable[key] = nil end
  string_metatable.__index = string_library
  set_any_metatable(globals, nil)
  pcall(collectgarbage, "incremental")
  collectgarbage("restart")
end

return burn, try, xtry, short, concat, limited, finalized, reset, same
