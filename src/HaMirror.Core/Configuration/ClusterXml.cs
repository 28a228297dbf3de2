using System.Collections.Immutable;
using System.Globalization;
using System.Xml.Linq;

namespace HaMirror.Core.Configuration;

/// <summary>Reads and writes cluster.xml (reference, section 2.9).</summary>
public static class ClusterXml
{
    /// <summary>All are asked at once, while writes wait.</summary>
    private const int WitnessesMax = 8;

    private static readonly ImmutableDictionary<string, string> NoEnvironment = ImmutableDictionary<string, string>.Empty;

    /// <summary>Reads the text of a file. Wrong input, however wrong, comes back as errors and is never thrown.</summary>
    public static Parsed<ClusterConfiguration> Parse(string text, string fileName)
    {
        var context = new ReadingContext(fileName);
        var root = ConfigurationText.Load(text, context);
        if (root is not null && root.Name != ClusterVocabulary.Root.Name)
        {
            context.Refuse(root, $"the root of the cluster's configuration is \"cluster\", not \"{root.Name.LocalName}\"");
        }
        else if (root is not null)
        {
            new VocabularyCheck(context, new MacroTable(NoEnvironment)).Check(root, ClusterVocabulary.Root);
        }

        if (root is null || context.Failed)
        {
            return Parsed<ClusterConfiguration>.Refused(context.Errors);
        }

        var cluster = Build(new ElementValues(root, ClusterVocabulary.Root), context);
        return context.Failed ? Parsed<ClusterConfiguration>.Refused(context.Errors) : Parsed<ClusterConfiguration>.Of(cluster);
    }

    /// <summary>The text of a file that <see cref="Parse"/> reads back to an equal configuration.</summary>
    public static string Write(ClusterConfiguration cluster) =>
        new XElement(
            "cluster",
            new XAttribute("id", cluster.Id),
            new XElement(
                "lans",
                new XAttribute("port", cluster.Port.ToString(CultureInfo.InvariantCulture)),
                cluster.Lans.Select(lan => new XElement(
                    "lan",
                    new XAttribute("name", lan.Name),
                    lan.Nodes.Select(node => new XElement(
                        "node",
                        new XAttribute("name", node.Name),
                        new XAttribute("addr", node.Address),
                        node.LocalAddress == node.Address ? null : new XAttribute("laddr", node.LocalAddress)))))),
            cluster.Witnesses.Select(address => new XElement("witness", new XAttribute("addr", address)))).ToString() + "\n";

    private static ClusterConfiguration Build(ElementValues root, ReadingContext context)
    {
        if (!Guid.TryParseExact(root.Text("id"), "D", out var id) || id == Guid.Empty)
        {
            context.Refuse(root.At("id"), $"\"{VocabularyCheck.Clip(root.Text("id"))}\" is no identity of a cluster; it looks like 3f2c1a4e-9d0b-4c55-8a51-6f0d2b7e1c90 and is made by `hamirror cluster init`");
        }

        var lans = ImmutableArray.CreateBuilder<LanConfiguration>();
        foreach (var element in root.Child("lans").ChildrenNamed("lan"))
        {
            var lan = new LanConfiguration(element.Text("name"), Nodes(element, context));
            if (lans.Any(earlier => earlier.Name == lan.Name))
            {
                context.Refuse(element.At("name"), $"two LANs are named \"{lan.Name}\"");
            }

            if (lans.Count > 0 && !lan.Nodes.Select(node => node.Name).Order(StringComparer.Ordinal)
                .SequenceEqual(lans[0].Nodes.Select(node => node.Name).Order(StringComparer.Ordinal)))
            {
                context.Refuse(element.Element!, $"the LAN \"{lan.Name}\" must have the same two nodes as the LAN \"{lans[0].Name}\": {string.Join(" and ", lans[0].Nodes.Select(node => $"\"{node.Name}\""))}");
            }

            lans.Add(lan);
        }

        return new ClusterConfiguration(id, lans.ToImmutable()) { Port = root.Child("lans").Whole("port"), Witnesses = Witnesses(root, lans, context) };
    }

    private static ImmutableArray<string> Witnesses(ElementValues root, IReadOnlyCollection<LanConfiguration> lans, ReadingContext context)
    {
        var witnesses = ImmutableArray.CreateBuilder<string>();
        foreach (var element in root.ChildrenNamed("witness"))
        {
            var address = Address(element, "addr", context);
            if (lans.SelectMany(lan => lan.Nodes).FirstOrDefault(node => node.Address == address || node.LocalAddress == address) is { } node)
            {
                context.Refuse(element.At("addr"), $"the witness \"{address}\" is the node \"{node.Name}\" itself, whose answer proves nothing; take something that both nodes reach, such as the gateway");
            }
            else if (witnesses.Contains(address))
            {
                context.Refuse(element.At("addr"), $"the witness \"{address}\" stands here twice");
            }

            witnesses.Add(address);
        }

        if (witnesses.Count > WitnessesMax)
        {
            context.Refuse(root.Element!, $"{witnesses.Count} witnesses are more than {WitnessesMax}");
        }

        return witnesses.ToImmutable();
    }

    private static ImmutableArray<NodeAddress> Nodes(ElementValues lan, ReadingContext context)
    {
        var nodes = ImmutableArray.CreateBuilder<NodeAddress>();
        foreach (var element in lan.ChildrenNamed("node"))
        {
            var name = element.Text("name");
            if (NameRefusal(name) is { } refusal)
            {
                context.Refuse(element.At("name"), refusal);
            }

            var address = Address(element, "addr", context);
            var local = element.Has("laddr") ? Address(element, "laddr", context) : address;
            if (nodes.Any(other => other.Name == name))
            {
                context.Refuse(element.At("name"), $"two nodes of the LAN \"{lan.Text("name")}\" are named \"{name}\"");
            }
            else if (nodes.Any(other => other.Address == address))
            {
                context.Refuse(element.At("addr"), $"two nodes of the LAN \"{lan.Text("name")}\" have the address \"{address}\"");
            }

            nodes.Add(new NodeAddress(name, address, local));
        }

        if (nodes.Count != 2)
        {
            context.Refuse(lan.Element!, $"the LAN \"{lan.Text("name")}\" has {nodes.Count} node(s); a cluster has exactly two");
        }

        return nodes.ToImmutable();
    }

    private static string Address(ElementValues node, string attribute, ReadingContext context)
    {
        if (NetworkAddress.Refusal(node.Text(attribute), out var clean) is { } refusal)
        {
            context.Refuse(node.At(attribute), refusal);
        }

        return clean;
    }

    private static string? NameRefusal(string name) =>
        name.Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(name[0])
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.')
            ? null
            : $"\"{VocabularyCheck.Clip(name)}\" is no name of a node: use letters, digits, hyphens, underscores and dots, at most 64";
}
