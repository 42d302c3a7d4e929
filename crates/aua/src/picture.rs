//! Pictures that stand beside the promises of children who are learning to read (R-066).

macro_rules! pictures {
    ($($variant:ident = $file:literal, $shows:literal;)*) => {
        /// What a picture shows. The words beside it say it too: whoever sees no picture misses nothing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Picture {
            $(#[doc = $shows] $variant,)*
        }

        impl Picture {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The drawing as SVG, in the colour of the text around it, without a size of its own; hidden from whoever has
            /// the page read out.
            ///
            /// ```
            /// assert!(belisha_aua::Picture::Kind.svg().contains("aria-hidden"));
            /// ```
            pub fn svg(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("pictures/", $file, ".svg")),)* }
            }
        }
    };
}

pictures! {
    Check = "check", "A grown-up, and an arrow that waits to click.";
    Ask = "ask", "A child with a question.";
    Think = "think", "A home that stays in a thought.";
    Know = "know", "Somebody on a screen, crossed out.";
    Responsible = "responsible", "A laptop that is locked.";
    Kind = "kind", "A heart that smiles.";
    Tell = "tell", "A child who tells a grown-up.";
    Adults = "adults", "Three grown-ups.";
    Filter = "filter", "A page that is shut.";
    Seen = "seen", "An eye.";
    Home = "home", "A home.";
}
