//! `keybearer backup`, `keybearer restore` and `keybearer export`: everything out, and in again.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, ensure};
use clap::Args;

use super::{Outcome, minute, open, say, sentence, serve, settings_of_environment};
use crate::config::{Config, Place};
use crate::cx::Cx;
use crate::domain::backup;
use crate::domain::export::{self, Extra};

#[derive(Args)]
pub(super) struct Backup {
    /// The file to write; it must not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Leave sealing.key out: the file alone then opens nothing, and cannot be restored alone
    #[arg(long)]
    without_key: bool,
}

#[derive(Args)]
pub(super) struct Restore {
    /// A file that `keybearer backup` has written
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace an installation that has accounts: what is in it is lost
    #[arg(long)]
    overwrite: bool,
}

#[derive(Args)]
pub(super) struct Export {
    /// The file to write, which must not be there yet; standard output without it
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// With the hashes of passwords
    #[arg(long)]
    with_password_hashes: bool,
    /// With the texts of legacy tokens, which open everything that their owners may
    #[arg(long)]
    with_legacy_tokens: bool,
}

impl Backup {
    pub(super) async fn run(self, place: &Place) -> Outcome {
        let app = open(place).await?;
        let cx = Cx::operator(app.clock.now());
        let part = Part::new(&self.file)?;
        let written = backup::write(&app, &cx, part.file()?, !self.without_key).await;
        let (_, rows) = part.keep_if(written.map_err(sentence))?;
        say(format_args!(
            "Backed up {rows} rows to {}{}.",
            self.file.display(),
            if self.without_key {
                ", without the key"
            } else {
                " with the key: whoever has it can make tokens"
            }
        ))
    }
}

impl Restore {
    pub(super) async fn run(self, place: &Place) -> Outcome {
        let config = Config::load(place, settings_of_environment()?)?;
        let name = self.file.display().to_string();
        let file = File::open(&self.file).with_context(|| format!("the backup {name}"))?;
        config.make_data_dir()?;
        // Nobody serves from what is being replaced.
        let _lock = serve::lock(&config)?;
        let restored = backup::restore(&config, file, self.overwrite).await;
        let restored = restored.with_context(|| format!("the backup {name} was not restored"))?;
        say(format_args!(
            "Restored {} rows of {}; the audit log is whole: {} events.",
            restored.rows,
            minute(restored.made_at),
            restored.events
        ))?;
        if let Some(old) = restored.old_key {
            say(format_args!(
                "The key file that was there before is {} now.",
                old.display()
            ))?;
        }
        Ok(())
    }
}

impl Export {
    pub(super) async fn run(self, place: &Place) -> Outcome {
        let app = open(place).await?;
        let cx = Cx::operator(app.clock.now());
        let extra = Extra {
            password_hashes: self.with_password_hashes,
            legacy_tokens: self.with_legacy_tokens,
        };
        let Some(file) = &self.to else {
            let mut out = std::io::BufWriter::new(std::io::stdout());
            export::write(&app, &cx, &mut out, extra)
                .await
                .map_err(sentence)?;
            return Ok(out.flush()?);
        };
        let part = Part::new(file)?;
        let mut out = std::io::BufWriter::new(part.file()?);
        let written = export::write(&app, &cx, &mut out, extra).await;
        let flushed = written.map_err(sentence).and_then(|()| Ok(out.flush()?));
        part.keep_if(flushed)?;
        say(format_args!("Exported to {}.", file.display()))
    }
}

/// A file that has its name only when it is whole, and that its owner alone can read.
struct Part {
    whole: PathBuf,
    part: PathBuf,
    file: File,
}

impl Part {
    fn new(whole: &Path) -> anyhow::Result<Self> {
        ensure!(
            !whole.exists(),
            "{} is there already; name another file",
            whole.display()
        );
        let mut name = whole.as_os_str().to_owned();
        name.push(".part");
        let part = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&part).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => anyhow!(
                "{} is there: another backup is writing it, or one was cut short; in that case delete it",
                part.display()
            ),
            _ => anyhow::Error::from(error).context(format!("{} cannot be written", part.display())),
        })?;
        Ok(Self {
            whole: whole.to_owned(),
            part,
            file,
        })
    }

    fn file(&self) -> anyhow::Result<File> {
        Ok(self.file.try_clone()?)
    }

    /// Gives the file its name if the work went well, and takes it away otherwise.
    fn keep_if<T>(self, outcome: anyhow::Result<T>) -> anyhow::Result<T> {
        let kept = outcome.and_then(|done| {
            self.file.sync_all()?;
            fs::rename(&self.part, &self.whole)?;
            Ok(done)
        });
        if kept.is_err() {
            let _taken_away = fs::remove_file(&self.part);
        }
        kept
    }
}
