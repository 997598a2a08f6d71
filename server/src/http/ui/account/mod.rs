//! Account & Settings.
