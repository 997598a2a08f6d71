//! Scopes: what a token may do of all that its owner may.
//!
//! Four words and one rule. `read` and `write` (which includes reading) are for the API in general,
//! `tokens` is for making and changing tokens, `admin` for members and settings. A rule names a
//! method and a path, for a gateway in front of another API: `GET /api/projects/*`. A token without
//! any scope has all that its owner has.

use std::fmt;

/// The longest rule, in bytes.
const LONGEST_RULE: usize = 256;

/// One thing that a token may do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Read whatever the owner may read.
    Read,
    /// Read and change whatever the owner may, tokens, members and settings apart.
    Write,
    /// See and change members, settings and the organization's tokens, if the owner may.
    Admin,
    /// Make, rotate and revoke the owner's tokens.
    Tokens,
    /// Requests of one method to paths of one pattern.
    Rule(Rule),
}

/// A method and a path pattern.
///
/// A `*` in the method's place stands for every method. In the path, a segment `*` stands for one
/// segment, and for all that follow if it is the last.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    method: String,
    path: String,
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// [`Scope::Read`].
    Read,
    /// [`Scope::Write`].
    Write,
    /// [`Scope::Admin`].
    Admin,
    /// [`Scope::Tokens`].
    Tokens,
}

impl Need {
    /// The scope's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
            Self::Tokens => "tokens",
        }
    }
}

impl Need {
    /// The need that a scope's word answers.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Read, Self::Write, Self::Admin, Self::Tokens]
            .into_iter()
            .find(|need| need.as_str() == word)
    }
}

/// A text that is no scope; one sentence of why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAScope(pub &'static str);

impl Scope {
    /// Reads one scope: a word, or a method and a path with one blank between them.
    ///
    /// # Errors
    /// [`NotAScope`] with the reason.
    pub fn parse(text: &str) -> Result<Self, NotAScope> {
        match text {
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            "admin" => Ok(Self::Admin),
            "tokens" => Ok(Self::Tokens),
            _ => Rule::parse(text).map(Self::Rule),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => f.write_str("read"),
            Self::Write => f.write_str("write"),
            Self::Admin => f.write_str("admin"),
            Self::Tokens => f.write_str("tokens"),
            Self::Rule(rule) => write!(f, "{} {}", rule.method, rule.path),
        }
    }
}

impl Rule {
    fn parse(text: &str) -> Result<Self, NotAScope> {
        let Some((method, path)) = text.split_once(' ') else {
            return Err(NotAScope(
                "a scope is read, write, admin, tokens, or a method and a path such as GET /api/projects/*",
            ));
        };
        if text.len() > LONGEST_RULE
            || !text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ')
        {
            return Err(NotAScope(
                "a rule is at most 256 visible ASCII characters long",
            ));
        }
        if method != "*"
            && (method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()))
        {
            return Err(NotAScope(
                "a rule begins with a method in capitals, or * for every method",
            ));
        }
        if !path.starts_with('/') || path.contains([' ', '?', '#', '%']) || has_dot_segment(path) {
            return Err(NotAScope(
                "a rule's path begins with / and has no blank, ?, #, % or dot segment in it",
            ));
        }
        if path
            .split('/')
            .any(|segment| segment != "*" && segment.contains('*'))
        {
            return Err(NotAScope("in a rule's path, * stands for a whole segment"));
        }
        Ok(Self {
            method: method.to_owned(),
            path: path.to_owned(),
        })
    }

    /// Whether a request is of this rule. A path that another server may read differently (dot
    /// segments, percent signs before a slash or a dot) is of none.
    #[must_use]
    pub fn matches(&self, method: &str, path: &str) -> bool {
        let lower = path.to_ascii_lowercase();
        let is_plain = !has_dot_segment(path)
            && ["%2f", "%2e", "%5c", "\\", "//"]
                .iter()
                .all(|odd| !lower.contains(odd));
        is_plain && (self.method == "*" || self.method == method) && path_matches(&self.path, path)
    }

    fn covers(&self, other: &Self) -> bool {
        (self.method == "*" || self.method == other.method) && path_matches(&self.path, &other.path)
    }
}

fn has_dot_segment(path: &str) -> bool {
    path.split('/')
        .any(|segment| segment == "." || segment == "..")
}

fn path_matches(pattern: &str, path: &str) -> bool {
    let mut wanted = pattern.split('/').peekable();
    let mut given = path.trim_end_matches('/').split('/');
    while let Some(want) = wanted.next() {
        let is_last = wanted.peek().is_none();
        match given.next() {
            // The pattern's own end slash is as good as none.
            None => return want.is_empty() && is_last,
            Some(_) if want == "*" && is_last => return true,
            Some(have) if want == "*" && !have.is_empty() && have != "*" => {}
            Some(have) if want == have => {}
            Some(_) => return false,
        }
    }
    given.next().is_none()
}

/// A token's scopes; none at all stands for all that its owner may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(Vec<Scope>);

impl ScopeSet {
    /// All that the owner may do.
    #[must_use]
    pub const fn all() -> Self {
        Self(Vec::new())
    }

    /// These scopes; the same one twice counts once.
    #[must_use]
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Self {
        let mut set = Vec::new();
        for scope in scopes {
            if !set.contains(&scope) {
                set.push(scope);
            }
        }
        Self(set)
    }

    /// Reads scopes, one to a line: the form that [`Self::to_lines`] writes.
    ///
    /// # Errors
    /// [`NotAScope`] for the first that is none.
    pub fn parse_lines(lines: &str) -> Result<Self, NotAScope> {
        lines
            .lines()
            .map(Scope::parse)
            .collect::<Result<Vec<_>, _>>()
            .map(Self::new)
    }

    /// One scope to a line; empty for all.
    #[must_use]
    pub fn to_lines(&self) -> String {
        self.0
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The scopes; none for all that the owner may do.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Whether a token with these scopes has no limit but its owner's.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether these scopes answer `need`.
    #[must_use]
    pub fn answers(&self, need: Need) -> bool {
        self.is_all()
            || self.0.iter().any(|scope| match scope {
                Scope::Read => need == Need::Read,
                Scope::Write => matches!(need, Need::Read | Need::Write),
                Scope::Admin => need == Need::Admin,
                Scope::Tokens => need == Need::Tokens,
                Scope::Rule(_) => false,
            })
    }

    /// Whether these scopes let a request through a gateway: one that takes `need`, or is of a rule.
    #[must_use]
    pub fn lets_through(&self, need: Need, method: &str, path: &str) -> bool {
        self.answers(need)
            || self
                .0
                .iter()
                .any(|scope| matches!(scope, Scope::Rule(rule) if rule.matches(method, path)))
    }

    /// Whether whoever has these scopes may hand out `other`: none of it is more than this.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.is_all() || !other.is_all() && other.0.iter().all(|scope| self.covers_one(scope))
    }

    fn covers_one(&self, scope: &Scope) -> bool {
        self.0.iter().any(|own| match (own, scope) {
            (Scope::Write, Scope::Read | Scope::Rule(_)) => true,
            (Scope::Read, Scope::Rule(rule)) => {
                matches!(rule.method.as_str(), "GET" | "HEAD" | "OPTIONS")
            }
            (Scope::Rule(own), Scope::Rule(rule)) => own.covers(rule),
            (own, scope) => own == scope,
        })
    }
}
