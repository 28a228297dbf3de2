using System.Collections.Immutable;
using System.Net;
using static HaMirror.Core.Configuration.ModuleVocabulary;

namespace HaMirror.Core.Configuration;

/// <summary>console.xml: where the agent's web side listens and what it gives away without a login.</summary>
/// <param name="Listen">Addresses; empty: all of the host.</param>
/// <param name="PlainLoopback">Connections to a loopback address carry plain HTTP.</param>
/// <param name="OpenMetrics"><c>/metrics</c> needs neither session nor key.</param>
/// <param name="OpenHealth"><c>/health</c> likewise.</param>
/// <param name="Session">How long a session lives without use.</param>
/// <param name="Url">Where browsers reach this node's console, when that is none of its addresses; without a slash at the end; null: they do by those.</param>
public sealed record ConsoleConfiguration(
    bool Enabled, int Port, ImmutableArray<IPAddress> Listen, bool PlainLoopback, bool OpenMetrics, bool OpenHealth, TimeSpan Session, string? Url)
{
    /// <summary>The element <c>console</c>.</summary>
    public static KnownElement Vocabulary { get; } = new("console", "the web side of the agent: console, API and metrics (`/etc/hamirror/console.xml`)")
    {
        Attributes =
        [
            OnOff("enabled", "on", "off: nothing listens; the command line goes on"),
            Whole("port", "9010", "TCP port", 1, 65535),
            Text("listen", "", "addresses to listen on, separated by spaces; empty: all of the host"),
            Choice("loopback", "http", "what connections to 127.0.0.1 and ::1 carry; all others carry HTTPS", "http", "https"),
            Choice("metrics", "key", "who may read /metrics: whoever has a key or a session, or everybody", "key", "open"),
            Choice("health", "open", "who may read /health: load balancers can seldom log in, and learn no more than where the service runs", "key", "open"),
            Duration("session", "8h", TimeUnit.Minute, "how long a session lives without use"),
            Text("url", "", "where browsers reach this node's console, e.g. `https://kvm1.example.org:9010`, when it is not by its addresses on the LANs (a name that its certificate has, a proxy); the other node's page goes on there when its own node dies"),
        ],
    };

    /// <summary>What holds without a file. After the vocabulary, which it is read by.</summary>
    public static ConsoleConfiguration Default { get; } = Parse("<console/>", "console.xml").Value!;

    /// <summary>Reads the text of a file. Wrong input comes back as errors and is never thrown.</summary>
    public static Parsed<ConsoleConfiguration> Parse(string text, string fileName)
    {
        var context = new ReadingContext(fileName);
        var root = ConfigurationText.Load(text, context);
        if (root is not null && root.Name != Vocabulary.Name)
            context.Refuse(root, $"the root of the console's configuration is \"console\", not \"{root.Name.LocalName}\"");
        else if (root is not null)
            new VocabularyCheck(context, new MacroTable(ImmutableDictionary<string, string>.Empty)).Check(root, Vocabulary);
        if (root is null || context.Failed) return Parsed<ConsoleConfiguration>.Refused(context.Errors);
        var values = new ElementValues(root, Vocabulary);
        var listen = ImmutableArray.CreateBuilder<IPAddress>();
        foreach (var word in values.Text("listen").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (IPAddress.TryParse(word.Trim('[', ']'), out var address)) listen.Add(address);
            else context.Refuse(values.At("listen"), $"\"{VocabularyCheck.Clip(word)}\" is no address: write addresses of this host, separated by spaces");
        }

        var url = values.Text("url").Trim().TrimEnd('/');
        if (url.Length > 0 && (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0))
            context.Refuse(values.At("url"), $"\"{VocabularyCheck.Clip(url)}\" is no address of a console: write https://NAME:PORT, without a path");

        return context.Failed
            ? Parsed<ConsoleConfiguration>.Refused(context.Errors)
            : Parsed<ConsoleConfiguration>.Of(new ConsoleConfiguration(
                values.OnOff("enabled"), values.Whole("port"), listen.ToImmutable(), values.Text("loopback") == "http",
                values.Text("metrics") == "open", values.Text("health") == "open", values.Duration("session"), url.Length > 0 ? url : null));
    }
}
