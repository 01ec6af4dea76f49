"""The race: what is measured, against what, and what Holdfast wants to reach."""
from collections import namedtuple

import changes
import listings
import memory
import trees

# name: for --only. function(server, options) gives one number for each row, or raises NotDone. yard: (name, function of
# the options) or None. when: every round, in the first round only, or as the very last.
Measure = namedtuple("Measure", "name function rows yard when", defaults=(None, "always"))
# compared: whether the yardstick does what this row measures.
Row = namedtuple("Row", "what unit target compared", defaults=(None, True))
# test(of) tells whether it is met; it has own, best (of the peers), yard and medians (by server); each may be None.
Target = namedtuple("Target", "text test")

# unit: (factor from what the functions give, is more better)
UNITS = {"ms": (1e3, False), "s": (1, False), "us": (1e6, False), "MiB": (1, False), "times": (1, False),
         "/s": (1, True), "MB/s": (1, True)}


def below(limit, unit):
    return Target("< %g %s" % (limit, unit), lambda of: of.own < limit / UNITS[unit][0])


def at_least(limit):
    return Target(">= %s" % format(limit, ","), lambda of: of.own >= limit)


def of_yard(share):
    return Target("<= %g x yardstick" % share, lambda of: of.own <= share * of.yard)


def not_slower_than(peer):
    return Target("<= %s" % peer, lambda of: of.own <= of.medians[peer])


def less_than(peer):
    return Target("< %s" % peer, lambda of: of.own < of.medians[peer])


def of_fastest(share):
    return Target(">= %s fastest peer" % ("the" if share == 1 else "%g x" % share), lambda of: of.own >= share * of.best)


def race(huge):
    """`huge`: how many files the large tree has."""
    many = format(huge, ",")
    return [
        Measure("copy-small", trees.copy("tree"), [Row("COPY 10,000 x 1 KiB in 100 folders", "ms", of_yard(0.45))],
                ("cp -a", trees.cp("tree"))),
        Measure("copy-large", trees.copy("large"), [Row("COPY 20 x 50 MiB", "ms", of_yard(0.9))],
                ("cp -a --reflink=auto", trees.cp("large", "--reflink=auto"))),
        Measure("move", trees.move("tree"), [Row("MOVE of 10,000 files", "ms", below(1, "ms"))], ("mv", trees.mv("tree"))),
        Measure("move-huge", trees.move("huge"), [Row("MOVE of %s files" % many, "ms", below(1, "ms"))],
                ("mv", trees.mv("huge"))),
        Measure("delete", trees.delete, [Row("DELETE of 10,000 files: answer", "ms", below(2, "ms")),
                                         Row("DELETE of 10,000 files: all gone", "ms", of_yard(1))], ("rm -rf", trees.rm)),
        Measure("delete-huge", trees.delete_huge, [Row("DELETE of %s files: answer" % many, "ms", below(2, "ms")),
                                                   Row("DELETE of %s files: all gone" % many, "ms", of_yard(1))],
                ("rm -rf", trees.rm_huge), "last"),
        Measure("propfind-10000", listings.propfind_many,
                [Row("PROPFIND Depth 1, 10,000 entries, allprop, 10 locks", "ms", not_slower_than("nginx")),
                 Row("the first byte of it", "ms", below(2, "ms"), False)],
                ("find -printf", trees.find("many"))),
        Measure("propfind-infinity", listings.propfind_infinity,
                [Row("PROPFIND Depth infinity, 10,101 entries, allprop", "ms", below(40, "ms"))],
                ("find -printf", trees.find("tree"))),
        Measure("propfind-0", listings.propfind_0, [Row("PROPFIND Depth 0", "/s", of_fastest(1))]),
        Measure("propfind-100", listings.propfind_100, [Row("PROPFIND Depth 1, 100 entries", "/s", of_fastest(1))]),
        Measure("get-1k", listings.get_1k, [Row("GET 1 KiB", "/s", of_fastest(0.95)),
                                            Row("GET 1 KiB: processor time of the server each", "us", less_than("nginx"))]),
        Measure("get-100m", listings.get_100m, [Row("GET 100 MiB", "MB/s", of_fastest(0.95))]),
        Measure("put-1k", changes.put_1k, [Row("PUT 1 KiB", "/s", of_fastest(1))]),
        Measure("put-1g", changes.put_1g, [Row("PUT 1 GiB", "MB/s", of_fastest(1))]),
        Measure("lock-1", changes.lock_pairs(1), [Row("LOCK and UNLOCK, pairs on 1 connection", "/s", at_least(20000))]),
        Measure("lock-16", changes.lock_pairs(16), [Row("LOCK and UNLOCK, pairs on 16 connections", "/s", at_least(20000))]),
        Measure("proppatch", changes.proppatch, [Row("PROPPATCH", "/s", at_least(20000))]),
        Measure("get-during-copy", listings.get_during_copy,
                [Row("GET 1 KiB, p99 while COPYs run, over idle", "times",
                     Target("<= 1.5", lambda of: of.own <= 1.5)),
                 Row("that p99", "ms")]),
        Measure("memory-rest", memory.at_rest, [Row("memory at rest", "MiB", below(8, "MiB"))], None, "first"),
        Measure("memory-1000", memory.with_1000_connections,
                [Row("memory with 1,000 idle connections", "MiB", below(20, "MiB"))], None, "first"),
        Measure("memory-listing", memory.growth_while_listing,
                [Row("growth while listing %s entries" % format(1 + 100 + huge, ","), "MiB", below(2, "MiB"))], None, "first"),
    ]
