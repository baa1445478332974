"""Builds the extension modules of the package: the same crate once for each runtime, and once for `lupa._core`.

Everything else about the package is in `pyproject.toml`.
"""

import os
import pathlib
import sys

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.errors import PlatformError
from setuptools_rust import Binding, RustExtension
from setuptools_rust import build_rust as SetuptoolsBuildRust

sys.path.insert(0, str(pathlib.Path(__file__).parent / "build_support"))

import licences  # noqa: E402
import selection  # noqa: E402


def extension(module):
    """The crate, built as `lupa.<module>`."""
    features = [module.lstrip("_"), "python"]
    if selection.is_on("LUPA_CHECKED"):
        features.append("checked")
    if selection.is_on("LUPA_TRACE"):
        features.append("trace")
    if selection.is_on("LUPA_SELF_CHECK"):
        features.append("selfcheck")
    return RustExtension(
        f"lupa.{module}",
        features=features,
        args=["--no-default-features", "--locked"],
        binding=Binding.NoBinding,
        debug=False,
    )


class BuildRust(SetuptoolsBuildRust):
    """Builds what can be built here, and says in one line what is left out."""

    def run(self):
        if not self.inplace:
            self.remove_modules_of_earlier_builds()
        self.extensions = [extension for extension in self.extensions if self.prepare(extension)]
        super().run()

    def prepare(self, extension):
        """Give the extension its environment; false if its runtime is to be left out."""
        name = extension.name.rpartition(".")[2]
        try:
            extension.env.env = {**os.environ, **selection.environment(name)}
        except selection.Unavailable as reason:
            if selection.is_on("CI") or selection.is_on("LUPA_REQUIRE_ALL"):
                raise PlatformError(f"lupa.{name} cannot be built: {reason}") from reason
            print(f"lupa: leaving out lupa.{name}: {reason}", file=sys.stderr)
            return False
        return True

    def remove_modules_of_earlier_builds(self):
        """An earlier build may have been one of other runtimes; nothing of it belongs into this package."""
        package = pathlib.Path(self.get_finalized_command("build_ext").build_lib) / "lupa"
        for module in (*package.glob("lua*.*"), *package.glob("_core.*")):
            if module.suffix != ".pyi":
                module.unlink()


class BdistWheel(bdist_wheel):
    """A wheel holds the licences of the Luas in it."""

    def write_wheelfile(self, dist_info, *arguments, **options):
        super().write_wheelfile(dist_info, *arguments, **options)
        # An editable wheel has no folder with modules.
        built = {module.name.partition(".")[0] for module in pathlib.Path(self.bdist_dir).glob("lupa/*")}
        licences.add(dist_info, [name for name in selection.bundled() if name in built])


try:
    modules = ["_core", *selection.wanted()]
except ValueError as error:
    sys.exit(f"lupa: {error}")

setup(
    rust_extensions=[extension(module) for module in modules],
    cmdclass={"build_rust": BuildRust, "bdist_wheel": BdistWheel},
    zip_safe=False,
)
