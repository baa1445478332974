"""The sources of LuaJIT 2.0, which no crate and no distribution carries.

The source distribution of lupa 2.8 holds an unmodified tree.  It is fetched once from the package index that pip is
configured with, checked against its hash, and kept in the user's cache folder.  Run as a script, this module prints
the folder.
"""

import ast
import base64
import functools
import hashlib
import html.parser
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse
import urllib.request

ARCHIVE = "lupa-2.8.tar.gz"
SHA256 = "d8022641b9ec8ecf2c5ecbe9f47e5a70e0b87c4b5ae921b92cb02a638e0acd08"
FOLDER = "lupa-2.8/third-party/luajit20"


class NotAvailable(Exception):
    """The sources could not be had; the text says why."""


def source_folder():
    """Return the folder with the sources, after fetching them if need be.

    ``LUPA_LUAJIT20_SOURCE`` names a folder to use instead.

    Raises:
        NotAvailable: neither a folder, nor the cache, nor the package index has them.
    """
    named = os.environ.get("LUPA_LUAJIT20_SOURCE")
    if named:
        return pathlib.Path(named)
    folder = _cache_folder() / f"luajit20-{SHA256[:16]}"
    if not folder.is_dir():
        try:
            _fill(folder)
        except (OSError, tarfile.TarError, subprocess.SubprocessError) as error:
            raise NotAvailable(f"{type(error).__name__}: {error}") from error
    return folder


def _cache_folder():
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(home) / "lupa-rs"


def _fill(folder):
    """Make ``folder`` appear complete or not at all: it is filled under another name first."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        archive = pathlib.Path(scratch) / ARCHIVE
        archive.write_bytes(_checked(_download()))
        _extract(archive, pathlib.Path(scratch))
        tree = pathlib.Path(scratch) / FOLDER
        # In a release archive this file holds a placeholder instead of the version number.
        shutil.copyfile(tree / "src" / "luajit_relver.txt", tree / ".relver")
        try:
            tree.rename(folder)
        except OSError:
            # Another build was faster.
            if not folder.is_dir():
                raise


def _extract(archive, target):
    with tarfile.open(archive) as tar:
        wanted = [member for member in tar if member.name.startswith(FOLDER + "/") and (member.isfile() or member.isdir())]
        tar.extractall(target, members=wanted)


def _checked(data):
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise NotAvailable(f"{ARCHIVE} has the SHA-256 {found}, not {SHA256}")
    return data


def _download():
    problems = []
    for index in _indexes():
        try:
            return _read(_address_in(index.rstrip("/") + "/lupa/"))
        except (OSError, NotAvailable) as error:
            problems.append(str(error))
    raise NotAvailable("; ".join(problems))


def _address_in(page):
    links = _Links()
    links.feed(_read(page).decode("utf-8", "replace"))
    for link in links.found:
        address, _ = urllib.parse.urldefrag(urllib.parse.urljoin(page, link))
        if urllib.parse.urlsplit(address).path.endswith("/" + ARCHIVE):
            return address
    raise NotAvailable(f"the package index does not list {ARCHIVE}")


class _Links(html.parser.HTMLParser):
    """Collects the targets of all links of a page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.extend(value for name, value in attrs if name == "href" and value)


def _read(address):
    """The bytes at ``address``; a name and password in it are sent the way HTTP wants them."""
    parts = urllib.parse.urlsplit(address)
    request = urllib.request.Request(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())
    if parts.username:
        pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        request.add_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode("ascii"))
    context = ssl.create_default_context(cafile=_pip_settings().get("cert"))
    with urllib.request.urlopen(request, timeout=60, context=context) as response:
        return response.read()


def _indexes():
    settings = _pip_settings()
    return [settings.get("index-url") or _default_index(), *settings.get("extra-index-url", "").split()]


def _default_index():
    """The index that pip uses when nothing else is configured."""
    program = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    return subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()


@functools.lru_cache(maxsize=None)
def _pip_settings():
    """What pip's configuration files and variables say, the stronger source last: ``{"index-url": ...}``."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, check=True, text=True
    ).stdout
    settings = {}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in ("global", "install", ":env:"):
            settings[name] = ast.literal_eval(value)
    return settings


if __name__ == "__main__":
    try:
        print(source_folder())
    except NotAvailable as problem:
        sys.exit(f"LuaJIT 2.0 cannot be had: {problem}")
