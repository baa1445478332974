"""Small programs that cross often, as programs do: the figures are for one run of each."""

import operator

from bench.workload import Group, Lua, Made

GROUP = Group("programs", "small programs that cross often", target=0.45)


class Request:
    """What a server hands to a handler in Lua."""

    def __init__(self, path, query):
        self.path, self.query, self.headers = path, query, {"accept": "text/html"}
        self.user = None


class Response:
    """What the handler fills in."""

    def __init__(self):
        self.status, self.headers, self.body = 0, {}, []

    def write(self, text):
        self.body.append(text)


class Row:
    """A row of a template."""

    def __init__(self, number):
        self.number, self.title, self.price = number, f"Item {number}", number * 1.5


ROWS = [Row(n) for n in range(1, 51)]
TREE = """(function()
  local function tree(depth, width)
    if depth == 0 then return {name = 'leaf', value = width} end
    local children = {}
    for i = 1, width do children[i] = tree(depth - 1, width) end
    return {name = 'node', children = children}
  end
  return tree(3, 4)
end)()"""


def weigh(node):
    """The sum of the leaves of a tree of Lua tables."""
    children = node["children"]
    if children is None:
        return node["value"]
    return sum(weigh(child) for child in children.values())


def plain(value):
    """A Lua table as lists and dictionaries, as programs convert them."""
    if not hasattr(value, "items"):
        return value
    if len(value):
        return [plain(item) for item in value.values()]
    return {key: plain(item) for key, item in value.items()}


SORT = """function(compare)
  local t = {}
  for i = 1, 300 do t[i] = (i * 7919) % 1009 end
  table.sort(t, python.as_function(compare))
  return t[1]
end"""

TEMPLATE = """function(rows)
  local out = {'<ul>'}
  for row in python.iter(rows) do
    out[#out + 1] = '<li id="' .. row.number .. '">' .. row.title .. ': ' .. row.price .. '</li>'
  end
  out[#out + 1] = '</ul>'
  return #table.concat(out, '\\n')
end"""

HANDLER = """function(request, response)
  local name = request.query.name or 'nobody'
  if request.headers.accept ~= 'text/html' then response.status = 406 return end
  request.user = name
  response.status = 200
  response.headers['content-type'] = 'text/html'
  response:write('<h1>Hello ' .. name .. '</h1>')
  response:write('<p>' .. request.path .. '</p>')
end"""

CONFIGURATION = """{
  name = 'demo', debug = true, ports = {80, 443, 8080},
  database = {host = 'localhost', port = 5432, options = {timeout = 2.5, retries = 3}},
  routes = {{path = '/', handler = 'index'}, {path = '/about', handler = 'about'}},
}"""

EVENTS = """(function()
  local handlers, count = {}, 0
  return {
    on = function(name, f) handlers[name] = f end,
    run = function(n) for i = 1, n do count = count + handlers[i % 2 == 0 and 'even' or 'odd'](i) end return count end,
  }
end)()"""


def handle(handler):
    request, response = Request("/index", {"name": "Lua"}), Response()
    handler(request, response)
    return "".join(response.body), response.status, request.user


def events(table):
    table["on"]("even", lambda n: 0)
    table["on"]("odd", lambda n: 0)
    return table["run"](20)


def pipeline(lua, names):
    """Python data through functions of Lua, one call for each."""
    keep, change = names["keep"], names["change"]
    return sum(change(n) for n in range(50) if keep(n))


GROUP.python(
    "sort 300 with a Python comparator",
    "sort(compare)",
    sort=Lua(SORT),
    compare=operator.lt,
    expect=1,
)
GROUP.python("sort 300 with a lambda", "sort(lambda a, b: a < b)", sort=Lua(SORT), expect=1)
GROUP.python("walk a nested table", "weigh(tree)", weigh=weigh, tree=Lua(TREE), expect=256)
GROUP.python(
    "convert a configuration",
    "plain(t)",
    plain=plain,
    t=Lua(CONFIGURATION),
    check="plain(t)['routes'][1]['handler'] == 'about'",
)
# Lua holds the rows meanwhile: lupa 2.8 mixes objects up that Lua collects during the loop.
GROUP.python(
    "template over 50 rows",
    "render(rows)",
    render=Lua(TEMPLATE),
    rows=ROWS,
    held=Made(lambda lua: lua.table_from(ROWS)),
    check="render(rows) > 1400",
)
GROUP.python(
    "request handler",
    "handle(handler)",
    handle=handle,
    handler=Lua(HANDLER),
    expect=("<h1>Hello Lua</h1><p>/index</p>", 200, "Lua"),
)
GROUP.python("20 events", "events(table)", events=events, table=Lua(EVENTS), expect=0)
GROUP.python(
    "pipeline of 50 calls",
    "pipeline(lua, functions)",
    pipeline=pipeline,
    functions=Lua("{keep = function(n) return n % 3 == 0 end, change = function(n) return n * 2 end}"),
    expect=816,
)
