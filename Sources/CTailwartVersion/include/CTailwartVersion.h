#pragma once

/// The commit that this binary was built from, or "unknown"; Package.swift defines it.
const char *tailwart_commit(void);
