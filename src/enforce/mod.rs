//! From a decision to steps on a process: which process a session lives in, and how it is ended.
