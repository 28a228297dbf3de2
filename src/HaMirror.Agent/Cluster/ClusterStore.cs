using System.Text;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Configuration;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Cluster;

/// <summary>cluster.xml, cluster.key and node below <c>/etc/hamirror</c>. Each is replaced atomically and closed to others;
/// the node's name is written last, so that a join that was cut short leaves a node without a cluster.</summary>
internal sealed class ClusterStore(AgentFiles files)
{
    public const int KeyBytes = Core.Wire.ClusterKey.Bytes;

    /// <returns>Null when the node belongs to no cluster.</returns>
    /// <exception cref="Refusal">A file is wrong.</exception>
    public ClusterMembership? Load()
    {
        if (!File.Exists(files.ClusterFile)) return null;
        var parsed = ClusterXml.Parse(File.ReadAllText(files.ClusterFile), files.ClusterFile);
        if (!parsed.Succeeded)
        {
            throw new Refusal(Refusal.Unprocessable, parsed.Errors[0].ToString(), $"Correct {files.ClusterFile} on both nodes.")
            {
                Errors = [.. parsed.Errors.Select(error => error.ToString())],
            };
        }

        var cluster = parsed.Value;
        if (cluster.NodeNames.Length != 2)
            throw new Refusal(Refusal.Unprocessable, $"{files.ClusterFile} names {cluster.NodeNames.Length} nodes, but a cluster has two.",
                "Leave the two nodes in it that mirror each other; others make a cluster of their own.");
        return new ClusterMembership(cluster, NodeName(cluster), Key());
    }

    public void Save(ClusterConfiguration cluster, ReadOnlySpan<byte> key, string nodeName)
    {
        AgentFiles.Ensure(files.ConfigurationDirectory);
        File.Delete(files.NodeNameFile);
        AtomicFile.Replace(files.ClusterKeyFile, key.ToArray());
        AtomicFile.Replace(files.ClusterFile, Encoding.UTF8.GetBytes(ClusterXml.Write(cluster)));
        AtomicFile.Replace(files.NodeNameFile, Encoding.UTF8.GetBytes(nodeName + "\n"));
    }

    /// <summary>Replaces cluster.xml of a cluster that this node belongs to; key and name stay.</summary>
    public void Replace(ClusterConfiguration cluster) => AtomicFile.Replace(files.ClusterFile, Encoding.UTF8.GetBytes(ClusterXml.Write(cluster)));

    private byte[] Key()
    {
        if (!File.Exists(files.ClusterKeyFile))
            throw new Refusal(Refusal.Unprocessable, $"{files.ClusterKeyFile} is missing.", "Copy it from the other node or join the cluster again.");
        var key = File.ReadAllBytes(files.ClusterKeyFile);
        return key.Length == KeyBytes
            ? key
            : throw new Refusal(Refusal.Unprocessable, $"{files.ClusterKeyFile} has {key.Length} bytes instead of {KeyBytes}.",
                "Copy it from the other node or join the cluster again.");
    }

    private string NodeName(ClusterConfiguration cluster)
    {
        var name = File.Exists(files.NodeNameFile) ? File.ReadAllText(files.NodeNameFile).Trim() : Environment.MachineName;
        return cluster.NodeNames.Contains(name)
            ? name
            : throw new Refusal(Refusal.Unprocessable, $"This node is '{name}', but {files.ClusterFile} names {string.Join(" and ", cluster.NodeNames)}.",
                $"Write one of the two names into {files.NodeNameFile}.");
    }
}
