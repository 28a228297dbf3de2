using System.Collections.Immutable;
using System.Xml.Linq;
using HaMirror.Core.Machine;

namespace HaMirror.Core.Configuration;

/// <summary>Reads userconfig.xml (reference, section 2; SafeKit's files are read unchanged).</summary>
public static class ModuleXml
{
    /// <summary>Reads the text of a file. Wrong input, however wrong, comes back as errors and is never thrown.</summary>
    /// <param name="fileName">As the errors shall name it.</param>
    /// <param name="environment">What <c>%NAME%</c> may stand for besides the file's own macros;
    /// <c>%SAFEMODULE%</c> is always the module's name.</param>
    public static Parsed<ModuleConfiguration> Parse(
        string text, string fileName, string moduleName, IReadOnlyDictionary<string, string> environment)
    {
        var context = new ReadingContext(fileName);
        if (ModuleName.Refusal(moduleName) is { } refusal)
        {
            context.Refuse(0, 0, refusal);
            return Parsed<ModuleConfiguration>.Refused(context.Errors);
        }

        var root = Load(text, moduleName, environment, context);
        if (root is null || context.Failed)
        {
            return Parsed<ModuleConfiguration>.Refused(context.Errors);
        }

        var module = Build(new ElementValues(root, ModuleVocabulary.Root).Child("service"), moduleName, context);
        return context.Failed
            ? Parsed<ModuleConfiguration>.Refused(context.Errors)
            : Parsed<ModuleConfiguration>.Of(module with { Notes = [.. context.Notes] });
    }

    /// <summary>The elements with macros expanded and every value checked; null: the file is refused.</summary>
    internal static XElement? Load(string text, string moduleName, IReadOnlyDictionary<string, string> environment)
    {
        var context = new ReadingContext("");
        var root = Load(text, moduleName, environment, context);
        return context.Failed ? null : root;
    }

    private static XElement? Load(string text, string moduleName, IReadOnlyDictionary<string, string> environment, ReadingContext context)
    {
        var root = ConfigurationText.Load(text, context);
        if (root is not null && root.Name != ModuleVocabulary.Root.Name)
        {
            context.Refuse(root, $"the root of a module's configuration is \"safe\", not \"{root.Name.LocalName}\"");
        }
        else if (root is not null)
        {
            // One file then serves as the template of every module.
            var known = new Dictionary<string, string>(environment, StringComparer.Ordinal) { ["SAFEMODULE"] = moduleName };
            new VocabularyCheck(context, new MacroTable(known)).Check(root, ModuleVocabulary.Root);
        }

        return root;
    }

    private static ModuleConfiguration Build(ElementValues service, string moduleName, ReadingContext context)
    {
        if (service.Text("mode") != "mirror")
        {
            context.Refuse(service.At("mode"), $"mode \"{service.Text("mode")}\" is not supported: HaMirror runs modules of mode \"mirror\"");
        }

        var failover = service.Child("failover");
        var rules = FailoverRules.Read(failover, context);
        var checks = CheckReader.Read(service.Child("check"), rules, context);
        var module = new ModuleConfiguration
        {
            Name = moduleName,
            Service = Service(service),
            Heart = Heart(service.Child("heart"), context),
            Replication = service.Child("rfs") is { Element: not null } rfs ? ReplicationReader.Read(rfs, context) : null,
            User = service.Child("user") is { Element: not null } user ? User(user, context) : null,
            Errd = service.Child("errd") is { Element: not null } errd ? ErrdReader.Read(errd, context) : null,
            Checks = checks,
            HandleTime = failover.Duration("handle_time"),
        };
        if (module is { User: null, Errd: not null })
        {
            context.Refuse(service.Child("errd").Element!, "element \"errd\" needs an element \"user\": without it no hook starts what it would watch");
        }

        if (module is { User: null } && checks.Any(check => check.Kind == CheckKind.Custom))
        {
            context.Refuse(service.Child("check").Element!, "a custom checker needs an element \"user\", without which no program of the module runs");
        }

        return module;
    }

    private static ServiceConfiguration Service(ElementValues service) => new(
        service.Text("boot") switch
        {
            "on" => BootPolicy.On,
            "off" => BootPolicy.Off,
            "auto" => BootPolicy.Auto,
            _ => BootPolicy.Ignore,
        },
        service.Duration("boot_delay"),
        service.OnOff("failover"),
        service.Text("defaultprim"),
        service.Whole("maxloop"),
        service.Duration("loop_interval"));

    private static HeartConfiguration Heart(ElementValues heart, ReadingContext context)
    {
        var pulse = heart.Duration("pulse");
        var timeout = heart.Duration("timeout");
        var idents = new HashSet<string>(StringComparer.Ordinal);
        var beats = ImmutableArray.CreateBuilder<HeartbeatConfiguration>();
        foreach (var beat in heart.ChildrenNamed("heartbeat"))
        {
            var lan = beat.Text("name");
            var ident = beat.TextOrNull("ident") ?? lan;
            if (!idents.Add(ident))
            {
                context.Refuse(beat.At("ident"), $"two heartbeats have the ident \"{ident}\"");
            }

            pulse = beat.DurationOrNull("pulse") is { } faster && faster < pulse ? faster : pulse;
            timeout = beat.DurationOrNull("timeout") is { } longer && longer > timeout ? longer : timeout;
            beats.Add(new HeartbeatConfiguration(lan, ident));
        }

        if (timeout < pulse * HeartConfiguration.PulsesPerTimeout)
        {
            context.Refuse(
                heart.At("timeout"),
                $"the time-out of heartbeats, {timeout.TotalMilliseconds:0} ms, must be at least {HeartConfiguration.PulsesPerTimeout} pulses of {pulse.TotalMilliseconds:0} ms: one lost packet is no failure");
        }

        // Without a heart element the module beats on the cluster's first LAN.
        return new HeartConfiguration(pulse, timeout, beats.Count > 0 ? beats.ToImmutable() : [new HeartbeatConfiguration("", "")]);
    }

    private static UserConfiguration User(ElementValues user, ReadingContext context)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var variables = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        foreach (var variable in user.ChildrenNamed("var"))
        {
            var name = variable.Text("name");
            if (!MacroTable.IsName(name))
            {
                context.Refuse(variable.At("name"), $"\"{VocabularyCheck.Clip(name)}\" is no name of a variable: use letters, digits and underscores, no digit first");
            }
            else if (UserConfiguration.ReservedVariables.Contains(name))
            {
                context.Refuse(variable.At("name"), $"the variable \"{name}\" is set by HaMirror itself; choose another name");
            }
            else if (!names.Add(name))
            {
                context.Refuse(variable.At("name"), $"the variable \"{name}\" is defined twice");
            }

            variables.Add(KeyValuePair.Create(name, variable.Text("value")));
        }

        return new UserConfiguration(
            user.Duration("nicestoptimeout"), user.Duration("forcestoptimeout"), user.Text("logging") == "userlog", variables.ToImmutable())
        {
            LogBytes = user.Whole("userlogsize") * 1024L,
        };
    }
}
