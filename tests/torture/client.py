"""A client that does random things in an area of its own, and what it was told."""
import actions
import verify
from area import Area
from holdfast import Closed, fail


class Client:
    def __init__(self, number, server, rng):
        self.number, self.server, self.rng = number, server, rng
        self.serial = self.acknowledged = self.unacknowledged = self.done_after_all = self.abandoned = 0
        self.action = self.error = None
        self.destroyed = []  # trees that went or were replaced, noted before it is asked for
        self.begin()

    def begin(self):
        """A new area; the files are made behind the server's back."""
        self.prefix = "/k%d-%d" % (self.number, self.abandoned)
        self.area = actions.start(self.rng)
        folder = self.server.path(self.prefix[1:])
        folder.mkdir()
        for path, node in self.area.nodes.items():
            if node.content is None:
                (folder / path).mkdir()
            else:
                (folder / path).write_bytes(node.content)

    # ---- at work ----

    def act(self, connection):
        self.serial += 1
        action = actions.choose(self.rng, self.area, self.prefix, "%d.%d" % (self.number, self.serial))
        self.destroyed.append(action.destroys)
        self.action = action
        answer = connection.request(action.method, action.target, action.headers, action.body, **action.how)
        self.area = action.done(answer)
        self.action = None
        self.acknowledged += 1

    def work(self, is_over=lambda: False):
        """Until the server dies, or somebody says so."""
        self.error = until_dead(self.server, self.act, is_over)

    # ---- at rest ----

    def check(self):
        if self.error:
            fail("client %d, %s: %s" % (self.number, self.action, self.error))
        with self.server.connect() as connection:
            action, before, self.action = self.action, self.area, None
            found, locks = verify.read_area(self.server, connection, self.prefix)
            self.area = verify.settle(before, action, found, locks)
            if action:
                self.count(before)
                verify.drop_left_locks(connection, before, self.area, self.prefix)
            if action and action.lock and verify.is_blocked(connection, self.area, action, self.prefix):
                self.abandoned += 1
                self.begin()
            verify.probe_locks(connection, self.area, self.prefix)

    def count(self, before):
        is_changed = before.nodes != self.area.nodes or set(before.locks) != set(self.area.locks)
        self.unacknowledged += 1
        self.done_after_all += is_changed


def until_dead(server, act, is_over=lambda: False):
    """act(connection) again and again; what went wrong, None if the server was killed."""
    try:
        with server.connect() as connection:
            while not is_over():
                act(connection)
    except TimeoutError:
        return "no answer"
    except (Closed, OSError) as error:
        return None if server.is_dead(5) else error
    except BaseException as error:  # told by the main thread
        return error
    return None
