//! Settings of the warehouse: where its files are, and the machines that compute.

use super::Config;
use anyhow::bail;
use clap::Args;
use serde::Serialize;
use warehouse::{Bucket, Place};

#[derive(Args, Clone, Default, Serialize)]
pub struct WarehouseFlags {
    /// Where the warehouse's files are: a folder, or s3://bucket/folder [default: warehouse in the data folder]
    #[arg(long, global = true, visible_alias = "storage", value_name = "PLACE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warehouse_storage: Option<String>,
    /// Memory of all questions to the warehouse together, in MiB; what needs more goes by disk or is refused [default: 1024]
    #[arg(long, global = true, value_name = "MIB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warehouse_memory: Option<u32>,
    /// What speaks S3, if it is not Amazon: https://s3.example.com [default: AWS_ENDPOINT]
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_endpoint: Option<String>,
    /// Region of the bucket [default: AWS_REGION]
    #[arg(long, global = true, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_region: Option<String>,
    /// Key to the bucket [default: AWS_ACCESS_KEY_ID, else the role of the machine]
    #[arg(long, global = true, value_name = "ID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_access_key_id: Option<String>,
    /// Its secret [default: AWS_SECRET_ACCESS_KEY] (better in the environment than here)
    #[arg(long, global = true, value_name = "SECRET")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_secret_access_key: Option<String>,
    /// Workers that compute large questions: "http://10.0.0.2:8090 http://10.0.0.3:8090"
    #[arg(long, global = true, value_name = "URLS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warehouse_workers: Option<String>,
    /// Every question that reads the warehouse is the workers', and refused when none can be asked [default: false]
    #[arg(long, global = true, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers_required: Option<bool>,
    /// Lets workers and who asks them know each other, the same for all (better in the environment than here)
    #[arg(long, global = true, value_name = "TEXT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_secret: Option<String>,
    /// Who does not answer for so long is taken for lost [default: 10]
    #[arg(long, global = true, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_patience: Option<u32>,
    /// A processor's share of the files a question reads, in KiB; what is less is computed without workers [default: 16384]
    #[arg(long, global = true, value_name = "KIB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_share: Option<u32>,
    /// PEM file of the authority that signed the workers' certificates, for workers at https://
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_authority: Option<String>,
}

/// The keys of these settings; see [`super::KEYS`].
pub const KEYS: [&str; 12] = [
    "warehouse_storage",
    "warehouse_memory",
    "s3_endpoint",
    "s3_region",
    "s3_access_key_id",
    "s3_secret_access_key",
    "warehouse_workers",
    "workers_required",
    "worker_secret",
    "worker_patience",
    "worker_share",
    "worker_authority",
];

/// With less not even the pages' own questions can be answered.
const LEAST_MEMORY_MIB: u32 = 64;

/// Settings without which the program must not begin.
pub fn check(config: &Config) -> anyhow::Result<()> {
    if config.warehouse_memory < LEAST_MEMORY_MIB {
        bail!(
            "warehouse_memory is {} MiB: questions need {LEAST_MEMORY_MIB} at least",
            config.warehouse_memory
        );
    }
    let workers = workers(config);
    if workers.is_empty() {
        if config.workers_required {
            bail!("workers_required: warehouse_workers names none; name them, or leave workers_required out");
        }
        return Ok(());
    }
    if !cfg!(feature = "cluster") {
        bail!(
            "warehouse_workers: this program was built without workers, build it with `--features cluster`"
        );
    }
    if config.warehouse_storage.is_none() {
        bail!("warehouse_workers need warehouse_storage: a folder or bucket that all of them reach");
    }
    if config.worker_secret.is_none() {
        bail!("warehouse_workers need worker_secret, the same for all: make one with `openssl rand -hex 32`");
    }
    for worker in workers {
        let secure = worker.starts_with("https://");
        if !secure && !worker.starts_with("http://") {
            bail!("warehouse_workers: “{worker}” must be an address like http://10.0.0.2:8090");
        }
        if secure != config.worker_authority.is_some() {
            bail!("warehouse_workers at https:// need worker_authority, and only they do: {worker}");
        }
    }
    if config.worker_patience == 0 {
        bail!("worker_patience must be one second at least");
    }
    Ok(())
}

pub fn workers(config: &Config) -> Vec<&str> {
    let words = config.warehouse_workers.split(|letter: char| letter.is_whitespace() || letter == ',');
    words.filter(|word| !word.is_empty()).collect()
}

/// Where the files are.
pub fn place(config: &Config) -> anyhow::Result<Place> {
    let Some(storage) = &config.warehouse_storage else { return Ok(Place::DataFolder) };
    match storage.split_once("://") {
        None => Ok(Place::Folder(storage.into())),
        Some(("s3", bucket)) if !bucket.is_empty() && !bucket.starts_with('/') => {
            Ok(Place::Bucket(Bucket { url: storage.clone(), options: options(config, std::env::vars()) }))
        }
        Some(_) => bail!("warehouse_storage “{storage}” must be a folder or s3://bucket/folder"),
    }
}

/// What the settings do not say is taken from Amazon's own variables.
fn options(config: &Config, environment: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let given = [
        ("aws_endpoint", &config.s3_endpoint),
        ("aws_region", &config.s3_region),
        ("aws_access_key_id", &config.s3_access_key_id),
        ("aws_secret_access_key", &config.s3_secret_access_key),
    ];
    let given = given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
    let amazons = environment.map(|(key, value)| (key.to_ascii_lowercase(), value));
    // The last of the same key counts.
    let mut options: Vec<_> = amazons.filter(|(key, _)| key.starts_with("aws_")).chain(given).collect();
    let endpoint = options.iter().rev().find(|(key, _)| key == "aws_endpoint" || key == "aws_endpoint_url");
    if endpoint.is_some_and(|(_, url)| url.starts_with("http://")) {
        options.push(("aws_allow_http".to_owned(), "true".to_owned()));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(storage: &str, workers: &str) -> Config {
        Config {
            warehouse_storage: Some(storage.to_owned()).filter(|text| !text.is_empty()),
            warehouse_workers: workers.to_owned(),
            worker_secret: Some("s".repeat(40)),
            ..Config::default()
        }
    }

    #[test]
    fn a_storage_is_a_folder_or_a_bucket() {
        assert_eq!(place(&config("", "")).unwrap(), Place::DataFolder);
        assert_eq!(place(&config("/mnt/w", "")).unwrap(), Place::Folder("/mnt/w".into()));
        assert!(matches!(place(&config("s3://b/w", "")).unwrap(), Place::Bucket(_)));
        for wrong in ["s3://", "s3:///w", "gs://b", "http://b"] {
            let error = place(&config(wrong, "")).unwrap_err().to_string();
            assert!(error.contains("warehouse_storage") && error.contains("s3://bucket"), "{error}");
        }
    }

    #[test]
    fn settings_win_over_amazons_variables_and_are_not_shown() {
        let config = Config {
            s3_endpoint: Some("http://localhost:9000".into()),
            s3_secret_access_key: Some("hidden-1".into()),
            ..config("s3://b", "")
        };
        let environment = [("AWS_REGION", "eu-1"), ("AWS_SECRET_ACCESS_KEY", "hidden-2"), ("HOME", "/")];
        let options =
            options(&config, environment.map(|(key, value)| (key.into(), value.into())).into_iter());
        let last =
            |key: &str| options.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
        assert_eq!(last("aws_region"), Some("eu-1"));
        assert_eq!(last("aws_secret_access_key"), Some("hidden-1"));
        assert_eq!(last("aws_allow_http"), Some("true"));
        assert_eq!(last("home"), None);
        let shown = format!("{:?}", Place::Bucket(Bucket { url: "s3://b".into(), options }));
        assert!(shown.contains("s3://b") && !shown.contains("hidden"), "{shown}");
    }

    #[test]
    #[cfg(feature = "cluster")]
    fn workers_need_a_place_a_secret_and_addresses() {
        check(&config("/mnt/w", "http://a:1, http://b:2")).unwrap();
        assert_eq!(workers(&config("", "http://a:1, http://b:2")), ["http://a:1", "http://b:2"]);
        for (storage, workers, named) in [
            ("", "http://a:1", "warehouse_storage"),
            ("/w", "a:1", "http://10"),
            ("/w", "https://a:1", "worker_authority"),
        ] {
            let error = check(&config(storage, workers)).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
        let without = Config { worker_secret: None, ..config("/w", "http://a:1") };
        assert!(check(&without).unwrap_err().to_string().contains("openssl rand"));
    }

    #[test]
    #[cfg(not(feature = "cluster"))]
    fn workers_need_a_program_that_knows_them() {
        let error = check(&config("/w", "http://a:1")).unwrap_err().to_string();
        assert!(error.contains("--features cluster"), "{error}");
    }
}
