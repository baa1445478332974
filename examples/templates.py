"""Templates: text with {{ expressions }} and {% statements %} of Lua becomes a function of Lua.

What an expression gives is escaped for HTML; `put(text)` in a statement adds text as it is. The function has the lines
of the template, so errors name them.

It prints::

    <h1>Fish &amp; Chips</h1>
    <p>Welcome, &lt;b&gt;Ada&lt;/b&gt;!</p>
    <ul>
      <li>1. cod: 4.50</li>
      <li>2. &#34;chips&#34;: 2.00 <em>new</em></li>
    </ul>
    menu.html:2: unexpected symbol near ')'
"""

import re
from typing import Any

import lupa

MENU = """\
<h1>{{ title }}</h1>
<p>Welcome, {{ guest.name }}!</p>
<ul>
{% for number, dish in ipairs(dishes) do %}
  <li>{{ number }}. {{ dish.name }}: {{ price(dish.pence) }}{% if dish.new then put(" <em>new</em>") end %}</li>
{% end %}
</ul>
"""

TAG = re.compile(r"{{(?P<expression>.*?)}}|{%(?P<statement>.*?)%}(?P<newline>\n?)", re.DOTALL)

#: The data are the global names of a template: by `setfenv` on Lua 5.1 and LuaJIT, by a variable `_ENV` on the others.
#: Each call makes the inner function anew, so that two calls at the same time do not meet.
BEGINNING = "local setfenv = setfenv return function(put, escape, _ENV) if setfenv then setfenv(1, _ENV) end "

RENDER = """
local entities = {["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&#34;", ["'"] = "&#39;"}
local function escape(value)
  if value == nil then return "" end
  return (tostring(value):gsub("[&<>\\"']", entities))
end

return function(template, data)
  local pieces = {}
  local function put(text) pieces[#pieces + 1] = text end
  template()(put, escape, setmetatable(data, {__index = _G}))
  return table.concat(pieces)
end
"""


def translated(text: str) -> str:
    """The template as Lua code with the same lines."""
    code, position = [BEGINNING], 0
    for tag in TAG.finditer(text):
        code.append(putting(text[position:tag.start()]))
        if tag["statement"] is None:
            code.append(f"put(escape({tag['expression']})) ")
        else:
            code.append(f"{tag['statement']} {tag['newline']}")        # a statement alone on a line leaves no line
        position = tag.end()
    return "".join([*code, putting(text[position:]), "end"])


def putting(text: str) -> str:
    """Code that puts some text; an escaped end of line in a string of Lua is one."""
    quoted = re.sub(r'["\\\n]', r"\\\g<0>", text).replace("\r", r"\r").replace("\0", r"\000")
    return f'put("{quoted}") ' if text else ""


class Template:
    def __init__(self, lua: lupa.LuaRuntime, text: str, name: str) -> None:
        self.lua = lua
        self.function = lua.compile(translated(text), name=f"@{name}")
        self.render = lua.execute(RENDER)

    def __call__(self, **data: Any) -> str:
        """The text; lists and dicts in the data are tables for the template, other objects are themselves."""
        rendered: str = self.render(self.function, self.lua.table_from(data, recursive=True))
        return rendered


class Guest:
    name = "<b>Ada</b>"


def main(new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime) -> None:
    """Show it on the newest Lua, or on one runtime such as `lupa.lua54.LuaRuntime`."""
    lua = new_runtime(libs="safe")
    menu = Template(lua, MENU, "menu.html")
    dishes = [{"name": "cod", "pence": 450}, {"name": '"chips"', "pence": 200, "new": True}]
    print(menu(title="Fish & Chips", guest=Guest(), dishes=dishes, price=lambda pence: f"{pence / 100:.2f}"), end="")
    try:
        Template(lua, "{{ title }}\n{{ 1 + }}", "menu.html")
    except lupa.LuaSyntaxError as error:
        print(error.value)


if __name__ == "__main__":
    main()
