//! The certificate that the pages are served under. Read again when its files were renewed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::rustls;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{CertificateError, ServerConfig};

/// Why pages cannot be served under a certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds no such thing.
    #[error(
        "{path}: {reason}; name the PEM file of the certificate chain as tls_certificate and that of its key as tls_key"
    )]
    File {
        /// Which.
        path: PathBuf,
        /// What happened.
        reason: String,
    },
    /// The key is another certificate's, or of an unknown kind.
    #[error("the certificate {certificate} and the key {key} do not serve together: {error}")]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        error: rustls::Error,
    },
}

impl TlsError {
    /// The error in Chinese.
    pub fn zh(&self) -> String {
        match self {
            TlsError::File { path, reason } => format!(
                "{}：{reason}。请用 tls_certificate 指明证书链的 PEM 文件，用 tls_key 指明其私钥的 PEM 文件。",
                path.display()
            ),
            TlsError::Pair {
                certificate,
                key,
                error,
            } => format!(
                "证书 {} 与私钥 {} 不能一起使用：{error}",
                certificate.display(),
                key.display()
            ),
        }
    }
}

struct Loaded {
    leaf: CertificateDer<'static>,
    serve: Arc<ServerConfig>,
}

/// A certificate and its key. Cheap to clone; all clones see what was read last.
#[derive(Clone)]
pub struct Certificate {
    files: Arc<(PathBuf, PathBuf)>,
    now: Arc<RwLock<Arc<Loaded>>>,
}

impl Certificate {
    /// Reads a chain and the key of its first certificate, both as PEM.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let loaded = load(certificate, key)?;
        Ok(Certificate {
            files: Arc::new((certificate.to_owned(), key.to_owned())),
            now: Arc::new(RwLock::new(Arc::new(loaded))),
        })
    }

    /// Reads the files anew. If they are not good, what was read before goes on serving.
    pub fn reread(&self) -> Result<(), TlsError> {
        let loaded = load(&self.files.0, &self.files.1)?;
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
        Ok(())
    }

    /// Whether a name or an address, as browsers write it, stands in the certificate.
    pub(super) fn is_for(&self, name: &str) -> bool {
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let Ok(name) = ServerName::try_from(bare.unwrap_or(name)) else {
            return false;
        };
        let loaded = self.now();
        ParsedCertificate::try_from(&loaded.leaf)
            .is_ok_and(|certificate| verify_server_name(&certificate, &name).is_ok())
    }

    /// A name, or an address, that browsers may open: the first in the certificate that stands for one machine.
    pub(super) fn name(&self) -> Option<String> {
        // What is verified against a name that is nobody's says which names there are.
        let nobody = ServerName::try_from("nobody.invalid").ok()?;
        let loaded = self.now();
        let certificate = ParsedCertificate::try_from(&loaded.leaf).ok()?;
        let Err(rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented,
            ..
        })) = verify_server_name(&certificate, &nobody)
        else {
            return None;
        };
        let bare = |name: &String| {
            let name = name.strip_suffix(')')?;
            let name = name
                .strip_prefix("DnsName(")
                .or_else(|| name.strip_prefix("IpAddress("))?;
            let name = name.trim_matches('"').to_owned();
            self.is_for(&name).then_some(name)
        };
        presented.iter().find_map(bare)
    }

    /// How a connection is answered now.
    pub(super) fn server(&self) -> Arc<ServerConfig> {
        self.now().serve.clone()
    }

    fn now(&self) -> Arc<Loaded> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn load(certificate: &Path, key: &Path) -> Result<Loaded, TlsError> {
    let file = |path: &Path, reason: String| TlsError::File {
        path: path.to_owned(),
        reason,
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| file(certificate, error.to_string()))?;
    let Some(leaf) = chain.first().cloned() else {
        return Err(file(certificate, "no certificate stands in it".into()));
    };
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| file(key, error.to_string()))?;
    let pair = |error| TlsError::Pair {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        error,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut serve = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(pair)?;
    serve.alpn_protocols = vec![b"http/1.1".to_vec()];
    ParsedCertificate::try_from(&leaf).map_err(pair)?;
    Ok(Loaded {
        leaf,
        serve: Arc::new(serve),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A certificate that signs itself, and its key.
    pub(crate) fn issued(names: &[&str]) -> rcgen::CertifiedKey {
        rcgen::generate_simple_self_signed(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    }

    /// Their files.
    pub(crate) fn written(dir: &Path, issued: &rcgen::CertifiedKey) -> (PathBuf, PathBuf) {
        let (certificate, key) = (dir.join("tls.pem"), dir.join("tls.key"));
        std::fs::write(&certificate, issued.cert.pem()).unwrap();
        std::fs::write(&key, issued.key_pair.serialize_pem()).unwrap();
        (certificate, key)
    }

    #[test]
    fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (chain, key) = written(dir.path(), &issued(&["old.example"]));
        let certificate = Certificate::read(&chain, &key).unwrap();
        assert!(certificate.is_for("old.example") && !certificate.is_for("new.example"));

        written(dir.path(), &issued(&["new.example"]));
        certificate.reread().unwrap();
        assert!(certificate.is_for("new.example") && !certificate.is_for("old.example"));

        std::fs::write(&key, issued(&["other.example"]).key_pair.serialize_pem()).unwrap();
        assert!(matches!(certificate.reread(), Err(TlsError::Pair { .. })));
        std::fs::write(&key, "nothing").unwrap();
        assert!(matches!(certificate.reread(), Err(TlsError::File { .. })));
        assert!(certificate.is_for("new.example"));
    }
}
