//! An agent's hook call: the event on stdin, the answer on stdout.
