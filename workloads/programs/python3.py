"""Builds object graphs and drops them again, in parts and as cycles.

With PYTHONMALLOC=malloc every object is a call of malloc. The work follows from a counter; no
hash of a string decides an order (PYTHONHASHSEED is 0 besides).
"""
import gc
import sys

TURNS = int(sys.argv[1]) if len(sys.argv) > 1 else 10


class Node:
    def __init__(self, key, parent):
        self.key = key
        self.parent = parent  # a cycle: only the collector can free a tree
        self.children = []
        self.labels = {"name": "node-%d" % key, "depth": 0 if parent is None else parent.labels["depth"] + 1}


def build_tree(count):
    nodes = [Node(0, None)]
    for key in range(1, count):
        parent = nodes[(key * 7919) % len(nodes)]
        node = Node(key, parent)
        parent.children.append(node)
        nodes.append(node)
    return nodes[0]


def words(count):
    text = " ".join("w%d" % (i * 31 % 4099) for i in range(count))
    seen = {}
    for word in text.split():
        seen.setdefault(word, []).append(len(seen))
    return len(seen)


def main():
    total = 0
    kept = []
    for turn in range(TURNS):
        kept.append(build_tree(5000))
        if len(kept) > 2:
            kept.pop(0)
        gc.collect()
        total += words(20000)
        table = {(i, i % 7): [i] * (i % 11) for i in range(12000)}
        for key in [k for k in table if k[0] % 3]:
            del table[key]
        total += len(table)
    return 0 if total == TURNS * (4099 + 4000) else "wrong total %d" % total


if __name__ == "__main__":
    sys.exit(main())
