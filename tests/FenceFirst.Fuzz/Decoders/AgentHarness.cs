using System.Text;
using FenceFirst.Config.Binding;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>What a fence agent says about itself.</summary>
internal sealed class AgentHarness : Harness
{
    private const string Metadata = """
        /usr/sbin/fence_x:5: DeprecationWarning: 'pipes' is deprecated
        <?xml version="1.0" ?>
        <resource-agent name="fence_x" shortdesc="Fence agent for X" >
        <longdesc>X &amp; Y &#233; <![CDATA[<z>]]></longdesc><!-- more -->
        <parameters>
          <parameter name="action" unique="0" required="1"><content type="string" default="reboot"  /></parameter>
          <parameter name="ip" unique="0" required="1" obsoletes="ipaddr"><content type="string"  /></parameter>
          <parameter name="ipaddr" unique="0" required="1" deprecated="1"><content type="string"  /></parameter>
        </parameters>
        <actions><action name="on" automatic="0"/><action name="off" /><action name="status" /></actions>
        </resource-agent>
        """;

    private static readonly string[] Tokens =
        ["<resource-agent", "</resource-agent>", "<parameter name=\"a\"/>", "<content default=\"\"/>", "<!DOCTYPE a [<!ENTITY b \"c\">]>", "<![CDATA[", "]]>", "<!--", "-->", "<?x ?>", "&amp;", "&#0;", "&#xd800;", "&#99999999;", "&x;",
            " xmlns:a=\"b\"", "a:", " name=\"\"", " name='x'", "\u00e9", "\ufffe", "\0", "<", ">", "\"", "="];

    public override string Name => "agent";

    public override string What => "the metadata of fence agents (XML)";

    public override IReadOnlyList<byte[]> Words { get; } = [.. Tokens.Select(Encoding.UTF8.GetBytes)];

    public override IReadOnlyList<byte[]> Samples() => [Encoding.UTF8.GetBytes(Metadata), "<resource-agent><parameter name=\"a\"/></resource-agent>"u8.ToArray()];

    public override bool Try(byte[] input)
    {
        AgentDescription? description = AgentDescription.Parse(Encoding.UTF8.GetString(input), out string problem);
        Demand((description is null) == (problem.Length > 0), "a description and a problem at the same time, or neither");
        _ = description?.Nearest("ipadress");
        return description is not null;
    }
}
