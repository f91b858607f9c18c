"""The command of Triton's images: the tritonserver of the package nvidia-pytriton (its Python backend), as SageMaker starts it.

    SAGEMAKER_BIND_TO_PORT    the port on 127.0.0.1 (8080)
    SAGEMAKER_MULTI_MODEL     true: models come and go by /models; else the repository in --model is served
    SAGEMAKER_TRITON_DEFAULT_MODEL_NAME   the model of a single-model endpoint

A model's folder is a repository of Triton: <model>/config.pbtxt, <model>/1/model.py.
"""
import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile

import pytriton

# Triton's SageMaker port has no option for its address and takes all of the machine's.
_LOOPBACK_ALONE = """
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>

int bind(int fd, const struct sockaddr* address, socklen_t size) {
  static int (*next)(int, const struct sockaddr*, socklen_t);
  if (!next) next = (int (*)(int, const struct sockaddr*, socklen_t))dlsym(RTLD_NEXT, "bind");
  if (address && address->sa_family == AF_INET && size >= sizeof(struct sockaddr_in)) {
    struct sockaddr_in own = *(const struct sockaddr_in*)address;
    if (own.sin_addr.s_addr == INADDR_ANY) own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return next(fd, (const struct sockaddr*)&own, size);
  }
  return next(fd, address, size);
}
"""


def build_loopback_alone(folder):
    source, library = os.path.join(folder, "loopback.c"), os.path.join(folder, "loopback.so")
    with open(source, "w", encoding="ascii") as file:
        file.write(_LOOPBACK_ALONE)
    subprocess.run(["cc", "-O", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def lay_out_backends(server, folder):
    """A folder of backends with the stub of this Python, which the package keeps elsewhere, and this Python's packages: the
    stub runs isolated, and this folder is the one place of ours that it looks for modules in."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    stub = os.path.join(server, "python_backend_stubs", version, "triton_python_backend_stub")
    if not os.path.isfile(stub):
        sys.exit(f"nvidia-pytriton has no backend for Python {version}")
    python = os.path.join(folder, "backends", "python")
    os.makedirs(python)
    for name in os.listdir(os.path.join(server, "backends", "python")):
        if name != "triton_python_backend_stub":
            os.symlink(os.path.join(server, "backends", "python", name), os.path.join(python, name))
    shutil.copy(stub, python)
    for packages in (path for path in sys.path if path.endswith("site-packages")):
        for name in os.listdir(packages):
            if not name.endswith(".pth") and not os.path.lexists(os.path.join(python, name)):
                os.symlink(os.path.join(packages, name), os.path.join(python, name))
    return os.path.dirname(python)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="/opt/ml/model", help="the repository of a single-model endpoint")
    flags = parser.parse_args()
    multi_model = os.environ.get("SAGEMAKER_MULTI_MODEL", "false").lower() == "true"
    server = os.path.join(os.path.dirname(os.path.abspath(pytriton.__file__)), "tritonserver")
    folder = tempfile.mkdtemp(prefix="triton-", dir="/tmp")
    command = [os.path.join(server, "bin", "tritonserver"),
               f"--backend-directory={lay_out_backends(server, folder)}",
               "--allow-sagemaker=true", f"--sagemaker-port={int(os.environ.get('SAGEMAKER_BIND_TO_PORT', '8080'))}",
               "--allow-http=false", "--allow-grpc=false", "--allow-metrics=false",
               "--model-control-mode=explicit", "--log-verbose=0"]
    if multi_model:
        empty = os.path.join(folder, "repository")
        os.makedirs(empty)
        command.append(f"--model-repository={empty}")
    else:
        names = [name for name in sorted(os.listdir(flags.model)) if os.path.isdir(os.path.join(flags.model, name))]
        name = os.environ.get("SAGEMAKER_TRITON_DEFAULT_MODEL_NAME") or (names[0] if len(names) == 1 else None)
        if name is None:
            sys.exit(f"SAGEMAKER_TRITON_DEFAULT_MODEL_NAME: which of {names} is to be served?")
        command += [f"--model-repository={flags.model}", f"--load-model={name}"]
        os.environ["SAGEMAKER_TRITON_DEFAULT_MODEL_NAME"] = name
    bundled = os.path.join(os.path.dirname(os.path.dirname(server)), "nvidia_pytriton.libs")
    libraries = [bundled, os.path.join(server, "lib"), sysconfig.get_config_var("LIBDIR") or ""]
    os.environ["LD_PRELOAD"] = build_loopback_alone(folder)
    os.environ["LD_LIBRARY_PATH"] = ":".join([*libraries, os.environ.get("LD_LIBRARY_PATH", "")])
    if multi_model:
        os.environ["SAGEMAKER_MULTI_MODEL"] = "true"
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
