use std::fmt;
use std::sync::Arc;

/// The path beneath which an instance is reached, as its public URL says it: empty at the root of a host, else
/// `/terapi` or `/a/b`, without a slash at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(Arc<str>);

/// Why a path is none that an instance can be reached beneath.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BasePathError {
    /// A segment is empty: two slashes in a row, or no slash at the beginning.
    #[error("has an empty segment")]
    Empty,
    /// A segment is `.` or `..`, which URLs resolve away.
    #[error("may not have the segments '.' and '..'")]
    DotSegment,
    /// A segment has a character that addresses would have to escape, and proxies escape differently.
    #[error("may have letters, digits, '-', '.', '_' and '~' between its slashes")]
    Alphabet,
}

impl BasePath {
    /// Reads the path of a public URL; slashes at its end mean nothing.
    ///
    /// # Errors
    /// [`BasePathError`], naming the rule that was broken.
    pub fn parse(path: &str) -> Result<Self, BasePathError> {
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.is_empty() {
            return Ok(Self::default());
        }
        let segments = path.strip_prefix('/').ok_or(BasePathError::Empty)?;
        for segment in segments.split('/') {
            let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
            match segment {
                "" => return Err(BasePathError::Empty),
                "." | ".." => return Err(BasePathError::DotSegment),
                segment if !segment.chars().all(unreserved) => return Err(BasePathError::Alphabet),
                _ => {}
            }
        }
        Ok(Self(path.into()))
    }

    /// The path, empty at the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True at the root of a host.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The first segment, if there is one.
    pub fn first_segment(&self) -> Option<&str> {
        self.0.split('/').nth(1)
    }

    /// What `path` is beneath this one: `/app` of `/terapi/app`, nothing of `/terapi` itself. `None` for a path that is
    /// not beneath it.
    pub fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(&*self.0)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_base_path_has_no_slash_at_its_end_and_nothing_to_escape() {
        for (path, base) in [
            ("", ""),
            ("/", ""),
            ("/terapi", "/terapi"),
            ("/terapi/", "/terapi"),
            ("/a/b-1._~", "/a/b-1._~"),
        ] {
            assert_eq!(BasePath::parse(path).unwrap().as_str(), base, "{path}");
        }
        for (path, error) in [
            ("//", BasePathError::Empty),
            ("/a//b", BasePathError::Empty),
            ("/a//", BasePathError::Empty),
            ("terapi", BasePathError::Empty),
            ("/..", BasePathError::DotSegment),
            ("/a/./b", BasePathError::DotSegment),
            ("/a%2Fb", BasePathError::Alphabet),
            ("/a b", BasePathError::Alphabet),
            ("/é", BasePathError::Alphabet),
            ("/a?b", BasePathError::Alphabet),
        ] {
            assert_eq!(BasePath::parse(path), Err(error), "{path}");
        }
    }

    #[test]
    fn a_path_is_beneath_another_where_a_segment_ends() {
        let base = BasePath::parse("/terapi").unwrap();
        assert_eq!(base.strip("/terapi/app"), Some("/app"));
        assert_eq!(base.strip("/terapi/"), Some("/"));
        assert_eq!(base.strip("/terapi"), Some(""));
        for other in ["/terapis/app", "/app", "/", "", "/Terapi/app", "/x/terapi/app"] {
            assert_eq!(base.strip(other), None, "{other}");
        }
        assert_eq!(BasePath::default().strip("/app"), Some("/app"));
    }
}
