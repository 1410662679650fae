//! Embeds a Kubernetes cluster: starts one with the sample, prints how to reach it, and stops it on Ctrl-C.
//!
//! ```console
//! cargo run -p chaos-sandbox --example embedded
//! kubectl --kubeconfig /tmp/embedded.kubeconfig get pods --watch
//! ```

use chaos_sandbox::{Cluster, Program, Settings, Variant};
use std::{error::Error, fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, process::ExitCode};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // The pods are processes of this program, started with the arguments `image NAME …`: handle these first.
    let words: Vec<String> = std::env::args().collect();
    if let [_, word, name, arguments @ ..] = words.as_slice()
        && word == "image"
    {
        return Ok(name.parse::<Program>()?.run(arguments)?);
    }
    tokio::runtime::Runtime::new()?.block_on(async {
        let cluster = Cluster::start(&Settings::new()).await?;
        cluster.apply_sample(Variant::Before).await?;

        // The file contains the token, so only its owner may read it.
        let path = std::env::temp_dir().join("embedded.kubeconfig");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(cluster.kubeconfig().as_bytes())?;
        println!("kubectl --kubeconfig {} get pods", path.display());
        println!("the consumer: {}/invoke", cluster.consumer_url().unwrap_or_default());

        tokio::signal::ctrl_c().await?;
        cluster.stop().await;
        std::fs::remove_file(&path)?;
        Ok(ExitCode::SUCCESS)
    })
}
