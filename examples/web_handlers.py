"""A small web server whose handlers are functions of Lua.

Each request has a thread of its own; in Lua, which the threads share, they take turns. Needs Werkzeug: of the servers
that are well kept and have types it is the lightest, and brings one other package.

It prints::

    GET /hello/Ada: 200, Hello Ada!
    POST /guests: 201, 1 so far
    POST /guests: 201, 2 so far
    GET /guests?separator=+and+: 200, Ada and Bob
    GET /guests/7: 404, no such guest
    GET /nowhere: 404
    POST /hello/Ada: 405
    logged: handlers.lua:22: not written yet
    GET /unwritten: 500, something went wrong
"""

import contextlib
import http.client
import logging
import threading
import urllib.parse
from collections.abc import Iterator
from typing import Callable

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.serving import make_server

import lupa

HANDLERS = """
local guests = {}

route("GET", "/hello/<name>", function(request)
  return "Hello " .. request.path.name .. "!"
end)

route("POST", "/guests", function(request)
  table.insert(guests, request.form.name)
  return #guests .. " so far", 201
end)

route("GET", "/guests", function(request)
  return table.concat(guests, request.query.separator or ", ")
end)

route("GET", "/guests/<int:number>", function(request)
  local guest = guests[request.path.number]
  if guest then return guest else return "no such guest", 404 end
end)

route("GET", "/unwritten", function() error("not written yet") end)
"""


class Application:
    """A handler returns the text of the answer, and its status if that is not 200."""

    def __init__(self, handlers: str, log: Callable[[str], None], new_runtime: type[lupa.LuaRuntime]) -> None:
        self.log = log
        self.urls = Map()
        self.lua = new_runtime(libs="safe", register_eval=False, register_builtins=False)
        self.lua.globals().route = self.route
        self.lua.execute(handlers, name="@handlers.lua")

    def route(self, method: str, path: str, handler: lupa.LuaFunction) -> None:
        self.urls.add(Rule(path, methods=[method], endpoint=handler))

    def answer(self, request: Request) -> Response:
        try:
            handler, path = self.urls.bind_to_environ(request.environ).match()
            values = {"path": path, "query": request.args.to_dict(), "form": request.form.to_dict()}
            result = handler(self.lua.table_from(values, recursive=True))
            text, status = result if isinstance(result, tuple) else (result, 200)
            if not (isinstance(text, str) and isinstance(status, int)):
                raise TypeError("a handler returns text and a status")
            return Response(text, status)
        except HTTPException:                           # Werkzeug makes answers of them: 404, 405, ...
            raise
        except Exception as error:
            self.log(str(error).partition("\n")[0])     # the traceback comes after that
            return Response("something went wrong", 500)


@contextlib.contextmanager
def serving(application: Application) -> Iterator[int]:
    """A server for the time of a `with` block; gives its port."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", 0, Request.application(application.answer), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()


def fetch(port: int, method: str, path: str, **form: str) -> tuple[int, str]:
    """Status and text of the answer."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request(
            method, path, urllib.parse.urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
        response = connection.getresponse()
        return response.status, response.read().decode()


def main(new_runtime: type[lupa.LuaRuntime] = lupa.LuaRuntime) -> None:
    """Show it on the newest Lua, or on one runtime such as `lupa.lua54.LuaRuntime`."""

    def show(method: str, path: str, **form: str) -> None:
        status, text = fetch(port, method, path, **form)
        print(f"{method} {path}: {status}" + ("" if text.startswith("<!doctype") else f", {text}"))

    with serving(Application(HANDLERS, lambda text: print("logged:", text), new_runtime)) as port:
        show("GET", "/hello/Ada")
        show("POST", "/guests", name="Ada")
        show("POST", "/guests", name="Bob")
        show("GET", "/guests?separator=+and+")
        show("GET", "/guests/7")
        show("GET", "/nowhere")
        show("POST", "/hello/Ada")
        show("GET", "/unwritten")


if __name__ == "__main__":
    main()
