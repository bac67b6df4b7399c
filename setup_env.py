"""Make `.venv`: everything that leadlib needs, at the versions of requirements.lock, for this checkout alone.

    Windows:  py -3.11 setup_env.py
    macOS:    python3.11 setup_env.py
    Linux:    python3.11 setup_env.py

A second call finds the stamp `.venv/.ready` and installs nothing. A call after a broken one, after a change of the
lock file, or after the folder was moved, starts `.venv` afresh. The standard library is all it uses.
"""

# Written in the Python that old interpreters can read, so that they can say in a sentence why they are refused.

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

LEAST = (3, 11)
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, ".ready")
LOCK = os.path.join(ROOT, "requirements.lock")
PROJECT = os.path.join(ROOT, "pyproject.toml")
WINDOWS = os.name == "nt"
BIN = os.path.join(VENV, "Scripts" if WINDOWS else "bin")
PYTHON = os.path.join(BIN, "python.exe" if WINDOWS else "python")


class Refused(Exception):
    """Something the reader has to put right; the text says what."""


def fingerprint():
    """What the installed environment has to match: lock file, pyproject and the folder it stands in."""
    digest = hashlib.sha256()
    for path in (LOCK, PROJECT):
        with open(path, "rb") as file:
            # A checkout with Windows line ends is the same lock file.
            digest.update(file.read().replace(b"\r\n", b"\n") + b"\0")
    # Scripts and the editable install hold the folder's full path, so a copied .venv is no .venv.
    digest.update(VENV.encode("utf-8"))
    return digest.hexdigest()


def ready():
    """Say whether a whole install of just this lock file is there."""
    try:
        with open(STAMP) as file:
            return file.read().strip() == fingerprint() and os.path.exists(PYTHON)
    except OSError:
        return False


def check_version():
    """Refuse a Python that is too old."""
    if sys.version_info < LEAST:
        have = ".".join(str(part) for part in sys.version_info[:3])
        raise Refused(
            "Python {}.{} or newer is needed; this is Python {} ({}).\n"
            "Install a newer one from python.org and start this script with it, for example:\n"
            "    {}".format(LEAST[0], LEAST[1], have, sys.executable, start_command())
        )


def check_place():
    """Refuse the Python that stands in the folder about to be replaced."""
    if os.path.normcase(os.path.abspath(sys.prefix)) == os.path.normcase(VENV):
        raise Refused(
            "This is the Python inside .venv, which is about to be replaced.\n"
            "Leave the environment (deactivate) and run:\n    {}".format(start_command())
        )


def start_command():
    """What to type to run this script on this system."""
    return "py -3.11 setup_env.py" if WINDOWS else "python3.11 setup_env.py"


# What an environment may hold. One that was stopped half made, or half cleared, holds only some of it.
PARTS = {".gitignore", ".lock", ".ready", ".ready.part", "CACHEDIR.TAG", "Include", "Lib", "Scripts", "bin", "etc"}
PARTS |= {"include", "lib", "lib64", "man", "pyvenv.cfg", "share"}


def clear():
    """Take away what is there; it is half an install, or one of another lock file or folder."""
    if not os.path.lexists(VENV):
        return
    if not os.path.isdir(VENV) or not PARTS.issuperset(os.listdir(VENV)):
        raise Refused("{} is there and is not a Python environment. Move it away and run this again.".format(VENV))
    stuck = None
    try:
        shutil.rmtree(VENV)
    except OSError as error:
        stuck = error
    if stuck:
        raise Refused("{} is in use ({}).\nClose JupyterLab and what else uses it.".format(VENV, stuck))


def run(*command, **options):
    """Run a command with leadlib's own environment variables; give its exit code."""
    keep = {k: v for k, v in os.environ.items() if k not in DROPPED}
    return subprocess.call(list(command), cwd=ROOT, env=keep, **options)


# Without compiled files every later start takes seconds longer; the others would send the install elsewhere.
DROPPED = ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "PIP_USER")


def make_venv():
    """Make an empty environment with pip in it."""
    if run(sys.executable, "-m", "venv", VENV) != 0:
        raise Refused(
            "This Python cannot make an environment. On Debian and Ubuntu: apt install python{}.{}-venv".format(
                *sys.version_info[:2]
            )
        )


def uv_block():
    """The lines of the lock file that pin uv and its hashes."""
    with open(LOCK) as file:
        found = re.search(r"^uv==.*?(?=^[^\s#])", file.read() + "\nend", re.M | re.S)
    if not found:
        raise Refused("requirements.lock pins no uv. Take the file from the repository again.")
    return "".join(line + "\n" for line in found.group().splitlines() if not line.strip().startswith("#"))


def install_uv():
    """Install the pinned uv with pip; say whether that worked."""
    folder = tempfile.mkdtemp()
    try:
        path = os.path.join(folder, "uv.txt")
        with open(path, "w") as file:
            file.write(uv_block())
        return pip("--require-hashes", "--no-deps", "-r", path) == 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pip(*arguments):
    """Install with the environment's pip."""
    return run(PYTHON, "-m", "pip", "-qq", "--disable-pip-version-check", "install", *arguments)


def uv(*arguments):
    """Install with the environment's uv."""
    return run(PYTHON, "-m", "uv", "--quiet", "pip", "install", "--python", PYTHON, *arguments)


def install_packages():
    """Install the lock file, every download held against its hash: by uv (seconds), else by pip (a minute)."""
    locked = ("--require-hashes", "-r", LOCK)
    itself = ("--no-deps", "--no-build-isolation", "-e", ROOT)
    if install_uv() and uv("--compile-bytecode", *locked) == 0 and uv(*itself) == 0:
        return
    print("uv could not do it; trying the same with pip, which takes a minute or two.")
    if pip(*locked) != 0 or pip(*itself) != 0:
        raise Refused("The packages could not be installed; the lines above say why. Is there a network?")


def write_stamp():
    """Say that the install is whole: the last step, and in one piece."""
    with open(STAMP + ".part", "w") as file:
        file.write(fingerprint() + "\n")
    os.replace(STAMP + ".part", STAMP)


def next_commands():
    """What to type next on this system."""
    python = os.path.relpath(PYTHON, ROOT)
    lines = [
        ("open the notebooks", "{} -m jupyter lab notebooks/00-start-here.ipynb".format(python)),
        ("write the reports", "{} -m leadlib run reports/batches/napa-valley.yml".format(python)),
        ("run the tests", "{} -m pytest".format(python)),
    ]
    return "\n".join("  {:<20}{}".format(*line) for line in lines)


def main():
    """Install what is missing; give the exit code."""
    quiet = "--quiet" in sys.argv[1:]
    try:
        check_version()
        if ready():
            if not quiet:
                print("Everything is installed already. Next:\n" + next_commands())
            return 0
        check_place()
        print("Installing into .venv, once; this takes about half a minute.")
        sys.stdout.flush()
        clear()
        make_venv()
        install_packages()
        write_stamp()
    except Refused as refused:
        sys.stderr.write(str(refused) + "\n")
        return 1
    print("Done." if quiet else "Done. Next:\n" + next_commands())
    return 0


if __name__ == "__main__":
    sys.exit(main())
