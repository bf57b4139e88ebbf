"""The embedded machine: broker, workers, beat, web and Flower under one supervisor."""

from podmill.node.node import Node, up
from podmill.nodefile import NodeInfo
from podmill.nodefile import read as running

__all__ = ["Node", "NodeInfo", "running", "up"]
