"""The build backend: setuptools, with our own config settings.

``pip install . -C no-bundle=1 -C lua-lib=/path/liblua.a`` reaches the build as the environment variables that
``ENVIRONMENT`` names; leading dashes are allowed (``-C --no-bundle=1``).  Other settings are left to setuptools.
"""

import os

from setuptools import build_meta

#: What a config setting is called in the environment.  A path is passed on as an absolute one.
ENVIRONMENT = {
    "lua-lib": "LUPA_LUA_LIB",
    "lua-includes": "LUPA_LUA_INCLUDES",
    "use-bundle": "LUPA_USE_BUNDLE",
    "no-bundle": "LUPA_NO_BUNDLE",
    "no-lua-jit": "LUPA_NO_LUAJIT",
    "no-luajit": "LUPA_NO_LUAJIT",
    "flavours": "LUPA_FLAVOURS",
    "checked": "LUPA_CHECKED",
    "trace": "LUPA_TRACE",
    "self-check": "LUPA_SELF_CHECK",
}
PATHS = {"lua-lib", "lua-includes"}
SWITCHES = {"use-bundle", "no-bundle", "no-lua-jit", "no-luajit", "checked", "trace", "self-check"}
OFF = {"0", "false", "no", "off"}


def _apply(config_settings):
    """Move our settings to the environment and return the others."""
    others = {}
    for key, value in (config_settings or {}).items():
        name = key.lstrip("-").replace("_", "-")
        if name in ENVIRONMENT:
            os.environ[ENVIRONMENT[name]] = _as_variable(name, value)
        else:
            others[key] = value
    return others


def _as_variable(name, value):
    if name in PATHS:
        return os.path.abspath(value)
    if name in SWITCHES:
        return "0" if str(value).lower() in OFF else "1"
    return value


def get_requires_for_build_sdist(config_settings=None):
    return build_meta.get_requires_for_build_sdist(_apply(config_settings))


def get_requires_for_build_wheel(config_settings=None):
    return build_meta.get_requires_for_build_wheel(_apply(config_settings))


def get_requires_for_build_editable(config_settings=None):
    return build_meta.get_requires_for_build_editable(_apply(config_settings))


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    return build_meta.prepare_metadata_for_build_wheel(metadata_directory, _apply(config_settings))


def prepare_metadata_for_build_editable(metadata_directory, config_settings=None):
    return build_meta.prepare_metadata_for_build_editable(metadata_directory, _apply(config_settings))


def build_sdist(sdist_directory, config_settings=None):
    return build_meta.build_sdist(sdist_directory, _apply(config_settings))


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return build_meta.build_wheel(wheel_directory, _apply(config_settings), metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return build_meta.build_editable(wheel_directory, _apply(config_settings), metadata_directory)
