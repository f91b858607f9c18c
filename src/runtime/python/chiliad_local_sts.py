"""Makes botocore's STS clients honour AWS_ENDPOINT_URL: in shells of `chiliad env` and in jobs and model servers.

The SageMaker SDK builds STS's address itself and hands it to the client as endpoint_url, which wins over
AWS_ENDPOINT_URL. Where a program asks for AWS's own address of STS, the address of the environment is taken instead;
every other address, and a Python without botocore, is left alone. Runs at each start of Python: what is not loaded by
then is imported when it is needed.
"""
import importlib.machinery
import importlib.util
import os
import sys


def _sts_address():
    return os.environ.get("AWS_ENDPOINT_URL_STS") or os.environ.get("AWS_ENDPOINT_URL")


def _patch(session_module):
    import re

    aws_sts = re.compile(r"https://sts(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?/?$")
    create_client = session_module.Session.create_client

    def create_client_here(self, service_name, *args, **kwargs):
        address = _sts_address()
        if service_name == "sts" and address and aws_sts.match(kwargs.get("endpoint_url") or ""):
            kwargs["endpoint_url"] = address
        return create_client(self, service_name, *args, **kwargs)

    session_module.Session.create_client = create_client_here


class _BotocoreFinder:
    """Finds botocore.session as everybody else does, and patches it when it has been loaded."""

    def find_spec(self, name, path=None, target=None):
        if name != "botocore.session":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            _patch(module)

        spec.loader.exec_module = exec_module
        return spec


if "botocore.session" in sys.modules:
    _patch(sys.modules["botocore.session"])
else:
    sys.meta_path.insert(0, _BotocoreFinder())
