# The hub of the tests: no proxy before it, no server behind it, and an end when the test ends.
import os
import sys
import threading

from jupyterhub.proxy import Proxy


class NoProxy(Proxy):
    should_start = False

    async def start(self):
        pass

    async def stop(self):
        pass

    async def add_route(self, routespec, target, data):
        pass

    async def delete_route(self, routespec):
        pass

    async def check_routes(self, *_, **__):
        pass

    async def get_all_routes(self):
        return {}


def end_with_the_test():
    sys.stdin.buffer.read()
    os._exit(1)


threading.Thread(target=end_with_the_test, daemon=True).start()

c = get_config()  # noqa: F821
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = int(os.environ["PORT"])
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.db_kwargs = {"connect_args": {"timeout": 0.2}}
c.JupyterHub.cookie_secret_file = "cookie_secret"
c.JupyterHub.services = [
    {"name": "administrator", "api_token": os.environ["ADMINISTRATOR"]},
    {"name": "without-scopes", "api_token": os.environ["WITHOUT_SCOPES"]},
    {"name": "of-bob", "api_token": os.environ["OF_BOB"]},
]
c.JupyterHub.load_roles = [
    {"name": "administrator", "services": ["administrator"], "scopes": ["admin:users", "tokens"]},
    {"name": "of-bob", "services": ["of-bob"], "scopes": ["tokens!user=bob"]},
]
